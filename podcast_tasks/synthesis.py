"""Script to recording: the plan becomes parts, each part a take, all takes one recording."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.take import Take
from models.verdict import Verdict
from podcast_tasks import retrying
from podcast_tasks.app import app
from podcast_tasks.parts import Parts
from podcast_tasks.purchases import Buyer
from podcast_tasks.running import Done, Work, run_step
from podmill import faults, speech
from podmill.errors import PodmillError, TooLongError, TransientError, WaitError

log = logging.getLogger(__name__)

SPLIT_CHARACTERS: Final = 1_000
"""No provider finds less than this too long."""


@dataclass
class _Spoken:
    """What was spoken so far: the requests that have their take."""

    requests: list[speech.SpeechRequest] = field(default_factory=list)
    takes: list[Take] = field(default_factory=list)


def make(work: Work) -> Done:
    script = work.need(Step.SCRIPTING, Script)
    variants = _variants(work)
    parts = Parts(work.journal.engine, work.claim.episode_id, work.claim.round)
    spoken = _by_the_first_that_can(work, script, variants, parts)
    work.context.progress(0.95, "joining the takes")
    recording = speech.join(
        script, spoken.requests, spoken.takes, work.context, requests_made=parts.requests(), variants=variants
    )
    return Done(recording, scores={"requests": recording.requests, "duration_s": recording.duration_s})


def _variants(work: Work) -> dict[int, int]:
    """How often each line was refused so far: a line that was is spoken another way."""
    if work.claim.round == 0:
        return {}
    variants = dict(work.need(Step.SYNTHESIS, Recording).variants)
    for line in work.need(Step.VERIFICATION, Verdict).respeak:
        variants[line] = variants.get(line, 0) + 1
    return variants


def _by_the_first_that_can(work: Work, script: Script, variants: dict[int, int], parts: Parts) -> _Spoken:
    """The episode in the voices of the first choice that speaks all of it."""
    settings = work.context.settings
    choices = _choices(work, script, parts)
    spoken = _Spoken()
    for number, choice in enumerate(choices):
        if settings.voices_fallback != "mixed":
            # A half-spoken episode is never finished in another person's voice.
            spoken = _Spoken()
        try:
            _speak(work, _rest(script, spoken), choice, variants, parts, spoken)
        except PodmillError as exc:
            if number == len(choices) - 1 or not _for_good(exc, work):
                raise
            log.warning("%s: %s fails: %s", work.claim.episode_id, " and ".join(choice.engines), exc)
        else:
            return spoken
    raise AssertionError("There is always a choice, and the last one raises.")


def _choices(work: Work, script: Script, parts: Parts) -> tuple[speech.Choice, ...]:
    """Those that may still be tried: an episode goes on with the voices that it has begun with."""
    settings = work.context.settings
    choices = speech.choices(work.brief.cast, settings)
    if work.claim.round > 0:
        heard = {line.voice for line in work.need(Step.SYNTHESIS, Recording).lines}
        return tuple(choice for choice in choices if heard <= choice.voices)[:1] or choices
    begun = parts.first()
    for number, choice in enumerate(choices if begun else ()):
        try:
            requests = speech.plan(script, choice.cast, settings, variants={})
        except speech.FOR_GOOD:
            continue
        if begun in {requests[0].key, *(half.key for half in _halves(requests[0], script, choice, work))}:
            return choices[number:]
    return choices


def _for_good(error: PodmillError, work: Work) -> bool:
    """Whether the engine that raised this will not speak the episode, however often it is asked."""
    if isinstance(error, WaitError) or not isinstance(error, (*speech.FOR_GOOD, TransientError)):
        return False
    again = retrying.decide(error, work.claim.failures, work.claim.synthesis_queue, work.context.settings)
    return isinstance(again, retrying.GiveUp)


def _rest(script: Script, spoken: _Spoken) -> Script:
    """A script without the lines that have been spoken to their end."""
    ends: dict[int, int] = {}
    for request in spoken.requests:
        ends |= {line.index: line.piece + len(line.text) for line in request.lines}
    left = tuple(line for line in script.lines if ends.get(line.index, 0) < len(" ".join(line.spoken.split())))
    return script.model_copy(update={"lines": left})


def _speak(
    work: Work, script: Script, choice: speech.Choice, variants: dict[int, int], parts: Parts, spoken: _Spoken
) -> None:
    """Speak a script in the voices of a choice, onto what is spoken already."""
    context, buyer = work.context, Buyer(work)
    todo = list(speech.plan(script, choice.cast, context.settings, variants=variants))
    who = " and ".join(choice.engines)
    _write_down(parts, spoken, todo)
    while todo:
        index, count = len(spoken.takes), len(spoken.takes) + len(todo)
        context.progress(0.95 * index / count, f"speaking part {index + 1} of {count} ({who})")
        request = todo[0]
        take = context.takes.get(request.key)
        asked = take is None
        halves = _halves(request, script, choice, work) if asked else ()
        # Where one half is there, it was cut in two before: its provider does not take it whole.
        in_two = any(context.takes.get(half.key) for half in halves)
        try:
            take = None if in_two else take or buyer.take(request, index)
        except TooLongError:
            if not halves:
                raise
        if take is None:
            todo[:1] = halves
            _write_down(parts, spoken, todo)
            continue
        parts.done(index, requested=asked)
        spoken.requests.append(todo.pop(0))
        spoken.takes.append(take)
        faults.hit("synthesis:part")


def _write_down(parts: Parts, spoken: _Spoken, todo: Sequence[speech.SpeechRequest]) -> None:
    parts.plan([(request.key, request.characters) for request in (*spoken.requests, *todo)])


def _halves(
    request: speech.SpeechRequest, script: Script, choice: speech.Choice, work: Work
) -> tuple[speech.SpeechRequest, ...]:
    """A request as two; nothing when it is short, or a single sentence."""
    if request.characters <= SPLIT_CHARACTERS:
        return ()
    try:
        return speech.split(request, script, choice.cast, work.context.settings)
    except speech.FOR_GOOD:
        return ()


@app.task(name="podcast_tasks.synthesis.synthesis")
def synthesis(episode_id: str) -> None:
    run_step(Step.SYNTHESIS, episode_id, make)
