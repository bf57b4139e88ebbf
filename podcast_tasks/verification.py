"""Recording to verdict: heard before it is published, and sent back line by line where it is not good enough."""

from models.recording import Recording
from models.script import Script
from models.steps import Step
from podcast_tasks.app import app
from podcast_tasks.running import Done, Outcome, Review, SendBack, Work, run_step
from podmill.verification import not_applicable, verify


def make(work: Work) -> Outcome:
    script = work.need(Step.SCRIPTING, Script)
    recording = work.need(Step.SYNTHESIS, Recording)
    if recording.text_only:
        return Done(not_applicable(work.context.settings, round=work.claim.round), scores={"word_accuracy": None})
    verdict = verify(script, recording, work.context, round=work.claim.round)
    scores = {"word_accuracy": verdict.word_accuracy}
    if verdict.passed:
        return Done(verdict, scores=scores)
    if verdict.respeak and work.claim.round < work.context.settings.respeak_max:
        return SendBack(verdict, Step.SYNTHESIS, scores=scores)
    accuracy = verdict.word_accuracy or 0.0
    worst = min(verdict.lines, key=lambda line: line.word_accuracy)
    reason = (
        f"Word accuracy {accuracy:.1%}, {verdict.threshold:.0%} is needed, after {work.claim.round + 1} "
        f"hearings. Worst is line {worst.index + 1}: {script.lines[worst.index].text[:120]!r} "
        f"was heard as {worst.heard[:120]!r}. Submit it with another wording or voice, or have the bad lines spoken "
        f"once more: podmill retry {work.claim.episode_id}"
    )
    return Review(verdict, reason, scores=scores)


@app.task(name="podcast_tasks.verification.verification")
def verification(episode_id: str) -> None:
    run_step(Step.VERIFICATION, episode_id, make)
