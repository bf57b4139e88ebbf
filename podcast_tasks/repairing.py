"""Repair: how lines that were refused are spoken next, and when it is for a person to decide.

A line is spoken again by its own voice as often as the settings say, each time in another way that its engine knows;
then, where voices may be mixed, by the one of another engine that the cast names for its speaker. All of that is paid
from what the quote holds. What cannot be repaired stays as it was, and says why.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy import select

from models.brief import CastMember, Fallback
from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.tables import Event, table
from models.verdict import Verdict
from podcast_tasks.running import Work
from podmill import speech
from podmill.errors import PodmillError, TransientError
from podmill.store.database import reading
from podmill.store.outage import through_outages

EVENT = table(Event)
SENT_BACK: Final = "sent_back"
ASKED: Final = (SENT_BACK, "retried", "respoken", "edited")
"""Events that a further round of synthesis begins with; all but the first are a person's."""


class Manner(NamedTuple):
    """How a line is spoken."""

    voice: str
    variant: int


@dataclass
class Repairs:
    """Lines that are spoken again in one round of synthesis."""

    tries: dict[int, int] = field(default_factory=dict)
    """By line, how often it was refused so far."""
    refused: set[int] = field(default_factory=set)
    """Lines that are to be spoken in another way than they were."""
    before: dict[int, Manner] = field(default_factory=dict)
    """By line, how it is spoken in the recording of the round before."""
    bounded: bool = False
    """Nobody but verification asked for it: it costs no more than the quote holds, and a line that cannot be repaired
    is left to a person."""
    given_up: dict[int, str] = field(default_factory=dict)
    """By line, why it stays as it was."""

    @classmethod
    def of(cls, work: Work) -> "Repairs":
        if work.claim.round == 0:
            return cls()
        recording = work.need(Step.SYNTHESIS, Recording)
        refused = set(work.need(Step.VERIFICATION, Verdict).respeak)
        tries = {line: recording.variants.get(line, 0) for line in refused | recording.variants.keys()}
        return cls(
            tries={line: count + (line in refused) for line, count in tries.items()},
            refused=refused,
            before={line.index: Manner(line.voice, line.variant) for line in recording.lines},
            bounded=_asked_by(work) == SENT_BACK,
            given_up={line: why for line, why in recording.given_up.items() if line not in refused},
        )

    def give_up(self, lines: Collection[int], error: PodmillError) -> bool:
        """Lines that were to be repaired stay as they were.

        Returns:
            Whether they do: not when one of them was not to be repaired, and so must be spoken.
        """
        if not self.refused.issuperset(lines):
            return False
        for line in lines:
            self.refused.remove(line)
            self.tries[line] -= 1
            self.given_up[line] = str(error)
        return True


@dataclass(frozen=True, slots=True)
class Manners:
    """How each line is to be spoken: by default as the first time."""

    variants: Mapping[int, int]
    voices: Mapping[int, str]
    """Of another engine, by line."""

    def has(self, request: speech.SpeechRequest, line: speech.RequestLine) -> bool:
        """Whether a request speaks a line as it is to be."""
        variant, voice = self.variants.get(line.index, 0), self.voices.get(line.index, line.voice)
        return (request.variant, line.voice) == (variant, voice)


def manners(repairs: Repairs, script: Script, cast: Collection[CastMember], fallback: Fallback, work: Work) -> Manners:
    """How the lines of a script are spoken by the voices whose turn it is.

    A line that nobody refused since it was repaired stays in the voice that it was repaired with, unasked.
    """
    members = {member.speaker: member for member in cast}
    own_tries = max(work.context.settings.respeak_max, 1)
    variants, voices = {}, {}
    for line in script.lines:
        index, own, tries = line.index, members.get(line.speaker), repairs.tries.get(line.index, 0)
        if own is None or not tries:
            continue
        manner = Manner(own.voice, tries)
        before = repairs.before.get(index, manner)
        if index in repairs.refused and tries > own_tries and (other := _stand_in(own, fallback, work)):
            error = _why_not(other, own, script.language, work)
            if error is None:
                manner = Manner(other, tries - own_tries - 1)
            elif repairs.bounded:
                repairs.give_up([index], error)
        if index not in repairs.refused and (fallback.policy == "mixed" or before.voice == own.voice):
            manner = before
        variants[index] = manner.variant
        if manner.voice != own.voice:
            voices[index] = manner.voice
    return Manners(variants, voices)


def with_tries(work: Work, script: Script, recording: Recording, lines: Collection[int]) -> tuple[int, ...]:
    """Those of some lines that may be spoken again before a person is asked."""
    own_tries = work.context.settings.respeak_max
    fallback = work.brief.fallback or speech.fallback_of(work.context.settings)
    members = {
        member.speaker: member.model_copy(update={"voice": recording.voices.get(member.speaker, member.voice)})
        for member in work.brief.cast
    }
    speakers = {line.index: line.speaker for line in script.lines}

    def has_tries(line: int) -> bool:
        if not own_tries or line in recording.given_up:
            return False
        stand_in = _stand_in(members.get(speakers[line]), fallback, work)
        return recording.variants.get(line, 0) < own_tries + bool(stand_in)

    return tuple(line for line in lines if has_tries(line))


def _stand_in(member: CastMember | None, fallback: Fallback, work: Work) -> str | None:
    return speech.stand_in(member, fallback, work.context.settings) if member else None


def _why_not(voice: str, member: CastMember, language: str, work: Work) -> PodmillError | None:
    """Why the voice of another engine cannot speak for a member; whether it can, one that does not answer is asked."""
    choice = speech.Choice((member.model_copy(update={"voice": voice}),))
    try:
        speech.check(choice, language, work.context.settings)
    except speech.FOR_GOOD as exc:
        return exc
    except TransientError:
        return None
    return None


@through_outages
def _asked_by(work: Work) -> str | None:
    """The kind of event that this round began with."""
    mine = (EVENT.c.episode_id == work.claim.episode_id, EVENT.c.kind.in_(ASKED))
    with reading(work.journal.engine) as connection:
        return connection.scalar(select(EVENT.c.kind).where(*mine).order_by(EVENT.c.id.desc()).limit(1))
