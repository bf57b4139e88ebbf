"""Script to recording: the plan becomes parts, each part a take, all takes one recording."""

from collections.abc import Sequence

from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.take import Take
from models.verdict import Verdict
from podcast_tasks.app import app
from podcast_tasks.parts import Parts
from podcast_tasks.running import Done, Work, run_step
from podmill import faults, speech
from podmill.money import prices
from podmill.money.ledger import Intent, Ledger


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
    ledger = Ledger(work.journal.engine)
    ledger.drop_unsent(work.claim.episode_id, Step.SYNTHESIS)
    price_list = prices.load(work.context.settings.prices_file)
    takes = []
    for index, request in enumerate(requests):
        work.context.progress(0.95 * index / len(requests), f"speaking part {index + 1} of {len(requests)}")
        take = work.context.takes.get(request.key)
        if take is None:
            price = price_list.find(request.engine, "character")
            intent = Intent(
                account=work.account,
                episode_id=work.claim.episode_id,
                step=Step.SYNTHESIS,
                part=index,
                content=request.key,
                attempt=work.claim.attempt,
                provider=request.engine,
                unit="character",
                quantity=request.characters,
                amount_microusd=price.cost_microusd(request.characters),
            )
            take = _speak_one(work, request, ledger, intent)
            parts.done(index, requested=True)
        else:
            parts.done(index, requested=False)
        takes.append(take)
        faults.hit("synthesis:part")
    return takes


def _speak_one(work: Work, request: speech.SpeechRequest, ledger: Ledger, intent: Intent) -> Take:
    if intent.amount_microusd == 0:
        return speech.speak(request, work.context)
    ledger.intend(intent)
    try:
        take = speech.speak(request, work.context)
    except Exception as exc:
        ledger.refuse(intent, str(exc))
        raise
    ledger.settle(intent)
    return take


@app.task(name="podcast_tasks.synthesis.synthesis")
def synthesis(episode_id: str) -> None:
    run_step(Step.SYNTHESIS, episode_id, make)
