"""Whose turn it is to speak an episode: who was passed over and why, and how long one that is away is waited for.

Written down as events of the episode, so that a worker that takes over goes on where the last one was: ``away`` when
voices do not answer, ``passed_over`` when the turn goes to others. What stands before a person last had the episode
tried again does not count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select

from models.brief import CastMember, Fallback
from models.recording import PassedOver, Recording
from models.script import Script
from models.steps import Step
from models.tables import Event, Part, table
from podcast_tasks import retrying
from podcast_tasks.journal import Claim
from podcast_tasks.retrying import GPU_QUEUE
from podcast_tasks.running import Work
from podmill import speech
from podmill.errors import LeftAloneError, MovedError, PodmillError, ProviderDownError, TransientError, WaitError
from podmill.speech import Choice
from podmill.store.clock import now
from podmill.store.database import reading
from podmill.store.outage import through_outages

EVENT, PART = table(Event), table(Part)
AWAY: Final = "away"
PASSED_OVER: Final = "passed_over"
BEGUN_ANEW: Final = ("retried", "edited")
"""What a person did to have it tried again."""
MOVED: Final = "moved"


@dataclass(frozen=True, slots=True)
class Turn:
    """Voices whose turn it is, or was."""

    choice: Choice
    over: bool = False
    """They were passed over: they are not asked, but what they spoke is there."""
    lines: frozenset[int] | None = None
    """Those that they may speak once more, as they spoke them in an earlier round. None: all that are left."""


class Turns:
    """The turns of one synthesis step.

    Raises:
        ConfigurationError: the order in the settings is not one.
    """

    def __init__(self, work: Work, script: Script) -> None:
        self._work = work
        self._claim = work.claim
        self._settings = work.context.settings
        self._history = _History(work)
        self.fallback: Fallback = work.brief.fallback or speech.fallback_of(self._settings)
        before = work.need(Step.SYNTHESIS, Recording) if work.claim.round > 0 else None
        # What was published as text only is spoken from the beginning.
        self._before = before if before and not before.text_only else None
        self._passed = [_passed_over(note.data) for note in self._history.of(PASSED_OVER)]
        self.all = self._in_order(script)

    @property
    def passed_over(self) -> tuple[PassedOver, ...]:
        """All who did not speak, or not all of it, those of earlier rounds too."""
        earlier = self._before.passed_over if self._before else ()
        return (*earlier, *(each for each in self._passed if all(each.voices != other.voices for other in earlier)))

    def begin(self) -> None:
        """Let voices of our own machines, that speak instead of paid ones for their price, speak on their queue.

        Raises:
            MovedError: that is another one.
            LeaseLostError: another worker owns the step.
        """
        first = self.all[0].choice
        if self._work.degraded is None or first.text_only or self._claim.synthesis_queue == GPU_QUEUE:
            return
        if speech.queue_of(first, self._settings) == GPU_QUEUE:
            self._go_on(self._work.journal.note(self._claim, MOVED, queue=GPU_QUEUE, who=first.who))
            raise MovedError(f"{first.who} will speak it, on the queue {GPU_QUEUE}.")

    def goes_on(self, turn: Turn) -> bool:
        """Whether those whose turn is next speak what these do not, and nothing else."""
        others = self._others(turn)
        return self.fallback.policy == "mixed" and bool(others) and not others[0].text_only

    def is_over(self, turn: Turn, error: PodmillError, *, who: str | None = None) -> bool:
        """Whether who failed is not asked, or waited for, any longer: patience ends where others could speak.

        Args:
            who: for a person. None: the voices whose turn it is.

        Raises:
            LeaseLostError: another worker owns the step.
        """
        return self._failed_for_good(error) or (
            bool(self._others(turn)) and self._too_long_away(who or turn.choice.who, error)
        )

    def end(self, turn: Turn, error: PodmillError) -> bool:
        """Whether the turn of these voices is over; then that of the next ones has begun and is written down.

        Raises:
            MovedError: the next ones speak on another queue.
            LeaseLostError: another worker owns the step.
        """
        others = self._others(turn)
        if not others or not self.is_over(turn, error):
            return False
        upcoming = others[0]
        # Speech of our own machines has workers of its own: those of a provider have threads that wait.
        moves = not upcoming.text_only and speech.queue_of(upcoming, self._settings) == GPU_QUEUE
        moves = moves and self._claim.synthesis_queue != GPU_QUEUE
        code, reason = retrying.explain(error)
        passed = PassedOver(voices=turn.choice.voices, code=code, reason=reason)
        told = {**passed.model_dump(), "next": upcoming.voices, "next_who": upcoming.who}
        self._go_on(
            self._work.journal.note(self._claim, PASSED_OVER, anew=True, queue=GPU_QUEUE if moves else None, **told)
        )
        self._passed.append(passed)
        if moves:
            raise MovedError(f"{turn.choice.who} cannot speak it; {upcoming.who} will, on the queue {GPU_QUEUE}.")
        return True

    def _others(self, turn: Turn) -> list[Choice]:
        """Those whose turn may come after that of these voices."""
        return [each.choice for each in self.all[self.all.index(turn) + 1 :] if not each.over]

    def _failed_for_good(self, error: PodmillError) -> bool:
        """Whether the engine that raised this will not speak the episode, however often it is asked."""
        if isinstance(error, WaitError) or not isinstance(error, (*speech.FOR_GOOD, TransientError)):
            return False
        again = retrying.decide(error, self._claim.failures, self._claim.synthesis_queue, self._settings)
        return isinstance(again, retrying.GiveUp)

    def _too_long_away(self, who: str, error: PodmillError) -> bool:
        """Whether to wait for an engine that is down or busy takes longer than there is patience for it.

        A wait that would outlast the patience is not begun. A take that was made begins another stretch of it.
        """
        is_away = isinstance(error, (ProviderDownError, LeftAloneError)) or not isinstance(error, WaitError)
        if not isinstance(error, TransientError) or not is_away:
            return False
        waited_s = self._history.away_s()
        if waited_s is None:
            _, reason = retrying.explain(error)
            self._go_on(self._work.journal.note(self._claim, AWAY, who=who, reason=reason))
        return (waited_s or 0.0) + (error.retry_after_s or 0.0) >= self._settings.voices_patience_s

    def _go_on(self, claim: Claim) -> None:
        self._claim = claim
        self._work.go_on(claim)

    def _in_order(self, script: Script) -> tuple[Turn, ...]:
        """Those of earlier rounds, those passed over in this one, whose turn it is, and who is left."""
        brief = self._work.brief
        turns = []
        if self._before:
            for earlier in self._before.passed_over:
                # A half-spoken episode is never finished by two, unless that is allowed.
                own = _heard(self._before, earlier.voices) if self.fallback.policy == "mixed" else frozenset[int]()
                turns.append(Turn(_choice(brief.cast, earlier.voices), over=not own, lines=own))
            turns.append(Turn(_choice(brief.cast, self._before.voices or _voices(self._before, script))))
        if self._passed:
            over = [Turn(_choice(brief.cast, each.voices), over=True) for each in self._passed]
            turns = [turn for turn in turns if all(turn.choice != each.choice for each in over)]
            # Voices that were installed meanwhile do not change whose turn it is.
            upcoming = self._history.of(PASSED_OVER)[-1].data["next"]
            turns = [*over, *turns, Turn(_choice(brief.cast, upcoming))]
        known = speech.choices(brief.cast, self.fallback, script.language, self._settings)
        turns += map(Turn, known)
        return tuple(turn for place, turn in enumerate(turns) if all(turn.choice != t.choice for t in turns[:place]))


class _Note(NamedTuple):
    kind: str
    at: float
    """Seconds since 1970."""
    data: dict[str, Any]


class _History:
    """What was written down of the turns of this round, since a person last had the episode tried again."""

    def __init__(self, work: Work) -> None:
        self._engine = work.journal.engine
        self._claim = work.claim
        self._notes = self._read()

    def of(self, kind: str) -> list["_Note"]:
        return [note for note in self._notes if note.kind == kind]

    @through_outages
    def away_s(self) -> float | None:
        """How long ago the voices whose turn it is were first away, if no take was made since."""
        self._notes = self._read()
        passed = self.of(PASSED_OVER)
        begun = select(func.max(PART.c.finished_at)).where(
            PART.c.episode_id == self._claim.episode_id, PART.c.round == self._claim.round
        )
        with reading(self._engine) as connection:
            moment, made_at = connection.execute(select(now(), begun.scalar_subquery())).one()
        since = max(made_at or 0.0, passed[-1].at if passed else 0.0)
        first = next((note.at for note in self.of(AWAY) if note.at >= since), None)
        return None if first is None else float(moment) - first

    @through_outages
    def _read(self) -> list["_Note"]:
        kinds = (AWAY, PASSED_OVER, *BEGUN_ANEW)
        with reading(self._engine) as connection:
            events = connection.execute(
                select(EVENT.c.kind, EVENT.c.at, EVENT.c.data)
                .where(EVENT.c.episode_id == self._claim.episode_id, EVENT.c.kind.in_(kinds))
                .order_by(EVENT.c.id)
            ).all()
        last = max((place for place, event in enumerate(events) if event.kind in BEGUN_ANEW), default=-1)
        notes = [_Note(event.kind, event.at, event.data) for event in events[last + 1 :]]
        return [note for note in notes if note.data.get("round") == self._claim.round]


def _passed_over(data: Mapping[str, Any]) -> PassedOver:
    return PassedOver(voices=data["voices"], code=data["code"], reason=data["reason"])


def _choice(cast: Sequence[CastMember], voices: Mapping[str, str]) -> Choice:
    if not voices:
        return Choice(text_only=True)
    # Whom a recording never heard has the voice they are cast with.
    given = (member.model_copy(update={"voice": voices.get(member.speaker, member.voice)}) for member in cast)
    return Choice(tuple(given))


def _heard(recording: Recording, voices: Mapping[str, str]) -> frozenset[int]:
    """Lines that are heard in these voices."""
    return frozenset(line.index for line in recording.lines if line.voice in voices.values())


def _voices(recording: Recording, script: Script) -> dict[str, str]:
    speakers = {line.index: line.speaker for line in script.lines}
    return {speakers[line.index]: line.voice for line in recording.lines if line.index in speakers}
