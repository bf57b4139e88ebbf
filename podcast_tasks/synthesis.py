"""Script to recording: the plan becomes parts, each part a take, all takes one recording; or none, where nobody can."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models.brief import TEXT
from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.take import Take
from podcast_tasks.app import app
from podcast_tasks.parts import Parts
from podcast_tasks.purchases import Buyer
from podcast_tasks.repairing import Manners, Repairs, manners
from podcast_tasks.running import Done, Work, run_step
from podcast_tasks.turns import Turn, Turns
from podmill import faults, speech
from podmill.context import TakeCache
from podmill.errors import PodmillError, PolicyError, QuoteExceededError, TooLongError, UnstitchedError

log = logging.getLogger(__name__)

SPLIT_CHARACTERS: Final = 1_000
"""No provider finds less than this too long."""


class _InVainError(Exception):
    """A request failed."""

    def __init__(self, request: speech.SpeechRequest, error: PodmillError) -> None:
        super().__init__(str(error))
        self.request = request
        self.error = error


@dataclass
class _Spoken:
    """What was spoken so far: the requests that have their take."""

    requests: list[speech.SpeechRequest] = field(default_factory=list)
    takes: list[Take] = field(default_factory=list)

    def add(self, request: speech.SpeechRequest, take: Take) -> None:
        self.requests.append(request)
        self.takes.append(take)

    def gather(self, requests: Sequence[speech.SpeechRequest], cache: TakeCache) -> None:
        """Those whose take is there."""
        for request in requests:
            take = cache.get(request.key)
            if take is not None:
                self.add(request, take)


def make(work: Work) -> Done:
    script = work.need(Step.SCRIPTING, Script)
    repairs = Repairs.of(work)
    parts = Parts(work.journal.engine, work.claim.episode_id, work.claim.round)
    turns = Turns(work, script)
    turns.begin()
    turn, spoken = _by_the_first_that_can(work, script, repairs, parts, turns)
    if turn.choice.text_only:
        recording = speech.text_only(requests_made=parts.requests(), passed_over=turns.passed_over)
    else:
        work.context.progress(0.95, "joining the takes")
        recording = speech.join(
            script,
            spoken.requests,
            spoken.takes,
            work.context,
            requests_made=parts.requests(),
            variants=repairs.tries,
            voices=turn.choice.voices,
            passed_over=turns.passed_over,
        ).model_copy(update={"given_up": repairs.given_up})
    return Done(recording, scores=_scores(recording))


def _scores(recording: Recording) -> dict[str, Any]:
    why = " ".join(f"{each.who}: {each.reason}" for each in recording.passed_over)
    return {
        "requests": recording.requests,
        "duration_s": None if recording.text_only else recording.duration_s,
        "spoken_by": ", ".join(recording.engines) or TEXT,
        "spoken_why": why or None,
    }


def _by_the_first_that_can(
    work: Work, script: Script, repairs: Repairs, parts: Parts, turns: Turns
) -> tuple[Turn, _Spoken]:
    """The episode in the voices of the first who speak all of it, or in nobody's."""
    spoken = _Spoken()
    mixed = turns.fallback.policy == "mixed"
    for turn in turns.all:
        if turn.choice.text_only:
            return turn, _Spoken()
        if turn.over and not mixed:
            continue
        if not mixed:
            # A half-spoken episode is never finished in another person's voice.
            spoken = _Spoken()
        try:
            _repaired(work, script, turn, repairs, parts, spoken, turns)
        except PodmillError as exc:
            if turn.over:
                continue
            if not turns.end(turn, exc):
                raise
            log.warning("%s: %s fails: %s", work.claim.episode_id, turn.choice.who, exc)
        else:
            if not turn.over and turn.lines is None:
                return turn, spoken
    raise AssertionError("There is always a turn that is not over, and the last one raises.")


def _repaired(
    work: Work,
    script: Script,
    turn: Turn,
    repairs: Repairs,
    parts: Parts,
    spoken: _Spoken,
    turns: Turns,
) -> None:
    """As ``_speak``, of what is left of a script; what cannot be repaired is spoken as it was before."""
    begun = len(spoken.requests)
    while True:
        wanted = manners(repairs, script, turn.choice.cast, turns.fallback, work)
        buyer = Buyer(work, within_quote=repairs.bounded)
        try:
            _speak(work, _rest(script, spoken, wanted), turn, wanted, parts, spoken, buyer)
        except _InVainError as failed:
            lines = {line.index for line in failed.request.lines}
            stood_in = bool(lines & wanted.voices.keys())
            if not (_in_vain(failed, turn, turns, repairs, stood_in=stood_in) and repairs.give_up(lines, failed.error)):
                raise failed.error from None
            log.warning("%s is not repaired: %s", work.claim.episode_id, failed.error)
            del spoken.requests[begun:], spoken.takes[begun:]
        else:
            return


def _in_vain(failed: _InVainError, turn: Turn, turns: Turns, repairs: Repairs, *, stood_in: bool) -> bool:
    """Whether lines of a request that failed rather stay as they were than that others speak them, or all of it.

    Args:
        stood_in: whether it was for the voice of another engine than whose turn it is.
    """
    if isinstance(failed.error, QuoteExceededError):
        return True
    if stood_in:
        is_policy = isinstance(failed.error, PolicyError)
        return is_policy or turns.is_over(turn, failed.error, who=failed.request.engine)
    return repairs.bounded and not turns.goes_on(turn) and turns.is_over(turn, failed.error)


def _rest(script: Script, spoken: _Spoken, wanted: Manners) -> Script:
    """A script without the lines that have been spoken to their end, as they are to be."""
    ends: dict[int, int] = {}
    for request in spoken.requests:
        ends |= {line.index: line.piece + len(line.text) for line in request.lines if wanted.has(request, line)}
    left = tuple(line for line in script.lines if ends.get(line.index, 0) < len(" ".join(line.spoken.split())))
    return script.model_copy(update={"lines": left})


def _speak(
    work: Work, script: Script, turn: Turn, wanted: Manners, parts: Parts, spoken: _Spoken, buyer: Buyer
) -> None:
    """Speak what of a script these voices may, onto what is spoken already."""
    context, choice = work.context, turn.choice
    ways = (wanted.variants, wanted.voices)
    planned = speech.plan(script, choice.cast, context.settings, *ways) if script.lines else ()
    todo = [request for request in planned if _may(turn, request)]
    if turn.over:
        spoken.gather(todo, context.takes)
        return
    begun = len(spoken.requests)
    _write_down(parts, spoken, todo)
    while todo:
        index, count = len(spoken.takes), len(spoken.takes) + len(todo)
        context.progress(0.95 * index / count, f"speaking part {index + 1} of {count} ({choice.who})")
        request = todo[0]
        take = context.takes.get(request.key)
        asked = take is None
        halves = _halves(request, script, work) if asked else ()
        # Where one half is there, it was cut in two before: its provider does not take it whole.
        in_two = any(context.takes.get(half.key) for half in halves)
        try:
            take = None if in_two else take or buyer.take(request, index)
        except TooLongError as exc:
            if not halves:
                raise _InVainError(request, exc) from exc
        except UnstitchedError:
            # What the engine can is known now: planned anew, no request tells of its neighbours, and no key is of them.
            del spoken.requests[begun:], spoken.takes[begun:]
            _speak(work, script, turn, wanted, parts, spoken, buyer)
            return
        except PodmillError as exc:
            spoken.gather(todo, context.takes)
            raise _InVainError(request, exc) from exc
        if take is None:
            todo[:1] = halves
            _write_down(parts, spoken, todo)
            continue
        parts.done(index, requested=asked)
        spoken.add(todo.pop(0), take)
        faults.hit("synthesis:part")


def _may(turn: Turn, request: speech.SpeechRequest) -> bool:
    return turn.lines is None or any(line.index in turn.lines for line in request.lines)


def _write_down(parts: Parts, spoken: _Spoken, todo: Sequence[speech.SpeechRequest]) -> None:
    parts.plan([(request.key, request.characters) for request in (*spoken.requests, *todo)])


def _halves(request: speech.SpeechRequest, script: Script, work: Work) -> tuple[speech.SpeechRequest, ...]:
    """A request as two; nothing when it is short, or a single sentence."""
    if request.characters <= SPLIT_CHARACTERS:
        return ()
    try:
        return speech.split(request, script, work.context.settings)
    except speech.FOR_GOOD:
        return ()


@app.task(name="podcast_tasks.synthesis.synthesis")
def synthesis(episode_id: str) -> None:
    run_step(Step.SYNTHESIS, episode_id, make)
