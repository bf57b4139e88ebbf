"""Recording to verdict: heard before it is published, and sent back line by line where it is not good enough."""

from dataclasses import replace

from models.recording import Recording
from models.score import Score
from models.script import Script
from models.steps import Step
from models.verdict import LineVerdict, Verdict
from podcast_tasks import shows
from podcast_tasks.app import app
from podcast_tasks.repairing import with_tries
from podcast_tasks.running import Done, Failed, Outcome, Review, SendBack, Work, run_step
from podmill.context import StepContext
from podmill.quality import decide, gates_of, is_paced, measure
from podmill.verification import not_applicable, verify

NAMED_MAX = 5
"""Lines that a person is told about; the verdict has them all."""
MEASURED = 0.2
"""Share of the work that is done before words are heard."""


def make(work: Work) -> Outcome:
    script = work.need(Step.SCRIPTING, Script)
    recording = work.need(Step.SYNTHESIS, Recording)
    settings, tries = work.context.settings, work.claim.round
    if recording.text_only:
        return Done(not_applicable(settings, round=tries), scores={"word_accuracy": None})
    gates = gates_of(settings, shows.profile_of(work.journal, work.brief.show).gates, paced=is_paced(script, recording))
    threshold = gates.word_accuracy.limit
    measures = measure(script, recording, gates, _share(work.context, 0.0, MEASURED))
    strayed = {line for each in measures if each.name == "voice_lines" for line in each.lines}
    if gates.voice_lines.action == "note":
        strayed = set()
    before = work.journal.document(work.claim.episode_id, Step.VERIFICATION, Verdict) if tries else None
    context = _share(work.context, MEASURED, 1.0)
    verdict = verify(script, recording, context, round=tries, threshold=threshold, strayed=strayed, before=before)
    measures = (words(verdict, script), *measures)
    scores = {"word_accuracy": verdict.word_accuracy}
    decision = decide(measures, gates)
    if decision.action in (None, "note"):
        return Done(verdict, scores=scores, measures=measures)
    if decision.action == "fail":
        return Failed(verdict, decision.reason, scores=scores, measures=measures)
    also = tuple(line for line in decision.lines if line not in verdict.respeak)
    verdict = verdict.model_copy(update={"respeak": verdict.respeak + also})
    again = with_tries(work, script, recording, [line for line in verdict.respeak if line in decision.lines])
    if again:
        # A person is asked about what is left once nothing can be repaired: bad lines may be all that is unclear.
        verdict = verdict.model_copy(update={"respeak": again})
        return SendBack(verdict, Step.SYNTHESIS, scores=scores, measures=measures)
    given_up = {line: why for line, why in recording.given_up.items() if line in verdict.respeak}
    in_vain = "".join(f" Line {line + 1} was not spoken again: {why}" for line, why in given_up.items())
    hearings = "one hearing" if tries == 0 else f"{tries + 1} hearings"
    return Review(verdict, f"After {hearings}: {decision.reason}{in_vain}", scores=scores, measures=measures)


def _share(context: StepContext, begin: float, end: float) -> StepContext:
    """For a part of the step: its progress is a share of the whole."""

    def progress(share: float, activity: str) -> None:
        context.progress(begin + (end - begin) * share, activity)

    return replace(context, progress=progress)


def words(verdict: Verdict, script: Script) -> Score:
    """The score of the words, which passes when the whole is good enough and no line fails."""
    accuracy = verdict.word_accuracy or 0.0
    said = f"Word accuracy {accuracy:.1%}, {verdict.threshold:.0%} is needed."
    lines = {line.index: line for line in verdict.lines}
    texts = {line.index: line.text for line in script.lines}
    said += "".join(f" {_told(lines[index], texts[index])}" for index in verdict.respeak[:NAMED_MAX])
    return Score(
        name="word_accuracy",
        value=accuracy,
        limit=verdict.threshold,
        passed=verdict.passed,
        said=said,
        lines=verdict.respeak,
    )


def _told(line: LineVerdict, text: str) -> str:
    faults = "; ".join(f"{fault.kind.replace('_', ' ')} ({fault.said[:80]})" for fault in line.faults[:3])
    when = f" ({line.time.start_s:.1f} to {line.time.end_s:.1f} s)" if line.time else ""
    heard = f"was heard as {line.heard[:120]!r}{': ' if faults else ''}{faults}."
    return f"Line {line.index + 1}{when} {text[:120]!r} {heard}"


@app.task(name="podcast_tasks.verification.verification")
def verification(episode_id: str) -> None:
    run_step(Step.VERIFICATION, episode_id, make)
