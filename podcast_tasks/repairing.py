"""Repair: how lines that were refused are spoken next, and when it is for a person to decide.

A line is spoken again by its own voice as often as the settings say, each time in another way that its engine knows;
then, where voices may be mixed, by the one of another engine that the cast names for its speaker. All of that is paid
from what the quote holds. What cannot be repaired stays as it was, and says why.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from models.brief import CastMember, Fallback
from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.tables import Event, table
from models.verdict import Verdict
from podcast_tasks.running import Work
from podmill import speech
from podmill.errors import QuoteExceededError
from podmill.store.database import reading
from podmill.store.outage import through_outages

EVENT = table(Event)
SENT_BACK: Final = "sent_back"
ASKED: Final = (SENT_BACK, "retried", "respoken", "edited")
"""Events that a further round of synthesis begins with; all but the first are a person's."""
IN_VAIN: Final = (*speech.FOR_GOOD, QuoteExceededError)
"""Errors of another engine after which a line stays as it was."""


@dataclass
class Repairs:
    """Lines that are spoken again in one round of synthesis."""

    tries: dict[int, int] = field(default_factory=dict)
    """By line, how often it was refused so far."""
    bounded: bool = False
    """Nobody but verification asked for it: it costs no more than the quote holds, and a line that cannot be repaired
    is left to a person."""
    given_up: dict[int, str] = field(default_factory=dict)
    """By line, why it stays as it was."""

    @classmethod
    def of(cls, work: Work) -> "Repairs":
        if work.claim.round == 0:
            return cls()
        tries = dict(work.need(Step.SYNTHESIS, Recording).variants)
        for line in work.need(Step.VERIFICATION, Verdict).respeak:
            tries[line] = tries.get(line, 0) + 1
        return cls(tries, bounded=_asked_by(work) == SENT_BACK)

    def give_up(self, request: speech.SpeechRequest, error: Exception, *, stood_in: bool) -> bool:
        """Whether the lines of a request stay as they were, for it failed, and nobody asked for more than a try.

        Args:
            stood_in: whether it was for another engine's voice. When their own fails for good, that is for the
                fallback of the episode to answer.
        """
        lines = {line.index for line in request.lines}
        in_vain = isinstance(error, IN_VAIN if stood_in else QuoteExceededError)
        if not (self.bounded and in_vain and lines <= set(self.tries) - set(self.given_up)):
            return False
        for line in lines:
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

    Raises:
        TransientError: whether another engine can speak cannot be known now.
    """
    members = {member.speaker: member for member in cast}
    own_tries = max(work.context.settings.respeak_max, 1)
    variants, voices = {}, {}
    for line in script.lines:
        tries = repairs.tries.get(line.index, 0)
        other = _stand_in(members.get(line.speaker), fallback, work) if tries > own_tries else None
        if other and _speaks(other, members[line.speaker], script.language, work):
            voices[line.index], variants[line.index] = other, tries - own_tries - 1
        else:
            variants[line.index] = tries
    return Manners(variants, voices)


def has_tries(work: Work, script: Script, recording: Recording, lines: Collection[int]) -> bool:
    """Whether all of these lines may be spoken again before a person is asked."""
    own_tries = work.context.settings.respeak_max
    if not own_tries or not lines or recording.given_up.keys() & set(lines):
        return False
    fallback = work.brief.fallback or speech.fallback_of(work.context.settings)
    members = {
        member.speaker: member.model_copy(update={"voice": recording.voices.get(member.speaker, member.voice)})
        for member in work.brief.cast
    }
    speakers = {line.index: line.speaker for line in script.lines}
    return all(
        recording.variants.get(line, 0) < own_tries + bool(_stand_in(members.get(speakers[line]), fallback, work))
        for line in lines
    )


def _stand_in(member: CastMember | None, fallback: Fallback, work: Work) -> str | None:
    return speech.stand_in(member, fallback, work.context.settings) if member else None


def _speaks(voice: str, member: CastMember, language: str, work: Work) -> bool:
    choice = speech.Choice((member.model_copy(update={"voice": voice}),))
    try:
        speech.check(choice, language, work.context.settings)
    except speech.FOR_GOOD:
        return False
    return True


@through_outages
def _asked_by(work: Work) -> str | None:
    """The kind of event that this round began with."""
    mine = (EVENT.c.episode_id == work.claim.episode_id, EVENT.c.kind.in_(ASKED))
    with reading(work.journal.engine) as connection:
        return connection.scalar(select(EVENT.c.kind).where(*mine).order_by(EVENT.c.id.desc()).limit(1))
