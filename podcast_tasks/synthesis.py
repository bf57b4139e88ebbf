"""Script to recording: the plan becomes parts, each part a take, all takes one recording."""

from collections.abc import Sequence

from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.take import Take
from models.verdict import Verdict
from podcast_tasks.app import app
from podcast_tasks.parts import Parts
from podcast_tasks.purchases import Buyer
from podcast_tasks.running import Done, Work, run_step
from podmill import faults, speech


def make(work: Work) -> Done:
    script = work.need(Step.SCRIPTING, Script)
    variants = _variants(work)
    requests = speech.plan(script, work.brief.cast, work.context.settings, variants=variants)
    parts = Parts(work.journal.engine, work.claim.episode_id, work.claim.round)
    parts.plan([(request.key, request.characters) for request in requests])
    takes = _speak(work, requests, parts)
    work.context.progress(0.95, "joining the takes")
    recording = speech.join(script, requests, takes, work.context, requests_made=parts.requests(), variants=variants)
    return Done(recording, scores={"requests": recording.requests, "duration_s": recording.duration_s})


def _variants(work: Work) -> dict[int, int]:
    """How often each line was refused so far: a line that was is spoken another way."""
    if work.claim.round == 0:
        return {}
    variants = dict(work.need(Step.SYNTHESIS, Recording).variants)
    for line in work.need(Step.VERIFICATION, Verdict).respeak:
        variants[line] = variants.get(line, 0) + 1
    return variants


def _speak(work: Work, requests: Sequence[speech.SpeechRequest], parts: Parts) -> list[Take]:
    buyer = Buyer(work)
    takes = []
    for index, request in enumerate(requests):
        work.context.progress(0.95 * index / len(requests), f"speaking part {index + 1} of {len(requests)}")
        take = work.context.takes.get(request.key)
        asked = take is None
        takes.append(take or buyer.take(request, index))
        parts.done(index, requested=asked)
        faults.hit("synthesis:part")
    return takes


@app.task(name="podcast_tasks.synthesis.synthesis")
def synthesis(episode_id: str) -> None:
    run_step(Step.SYNTHESIS, episode_id, make)
