"""How long a script takes to say."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from models.brief import CastMember
from models.recording import Recording
from models.script import Line, Script
from podmill.text.tongue import primary

CHARACTERS_PER_S = 18.6
"""Of the spoken form, silence at the ends of takes not counted. Piper's en_US joe and the second host made from it said
scripts of 841, 1,974 and 2,127 characters at 18.3, 18.6 and 18.7; their words a minute varied from 203 to 225."""
USUAL: Final = {"piper": CHARACTERS_PER_S, "kokoro": 18.3}
"""By engine. Kokoro's af_heart, am_michael and bf_emma said 14 lines of 1,086 characters at 18.6, 16.8 and 19.6, its
Spanish ef_dora 7 lines of 661 at 17.9."""
ELSEWHERE_PER_S: Final = 16.0
"""Of voices that were never measured: people who read aloud say 150 to 170 words a minute, 14.5 to 16.5 characters a
second, and local voices that were measured say 17 to 20. The first episode that is published tells."""
PAUSE_S = 0.3
"""Silence between two lines, on average over changes of speaker and chapter."""
ENDS_S = 1.1
"""Silence before the first line and after the last."""
_WIDE = 3.5
"""Letters of an alphabet that take as long as one Chinese, Japanese or Korean character."""


Rates = Mapping[str, float]
"""Speaker to characters a second."""
NO_RATES: Final[Rates] = {}
HEARD_MIN_S: Final = 60.0
RATE_MIN: Final = 5.0
RATE_MAX: Final = 40.0
"""Nobody speaks slower or faster: a rate beyond comes from a recording that went wrong."""


def _length(spoken: str) -> float:
    wide = sum("\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3" for character in spoken)
    return len(spoken) + wide * (_WIDE - 1)


def speaking_s(lines: Sequence[Line], rates: Rates = NO_RATES) -> float:
    """Seconds the lines take to say, pauses included.

    Args:
        rates: characters a second of speakers that were measured.
    """
    return ENDS_S + sum(_length(line.spoken) / rates.get(line.speaker, CHARACTERS_PER_S) + PAUSE_S for line in lines)


def usual(voice: str) -> float:
    """Characters a second of a voice, ``engine:name``, as far as its engine tells."""
    engine, named, _ = voice.partition(":")
    return USUAL.get(engine, ELSEWHERE_PER_S) if named else CHARACTERS_PER_S


def rates_of(cast: Iterable[CastMember], known: Rates) -> dict[str, float]:
    """The rate of each speaker of a cast: as measured, else as is usual.

    Args:
        known: by voice.
    """
    return {member.speaker: known.get(member.voice) or usual(member.voice) for member in cast}


def measured(recordings: Iterable[tuple[Script, Recording]], language: str) -> dict[str, float]:
    """Characters a second of each voice in recordings in a language, where it was heard long enough to tell."""
    characters: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for script, recording in recordings:
        if primary(script.language) != primary(language):
            continue
        spoken = {line.index: line.spoken for line in script.lines}
        for time in recording.lines:
            characters[time.voice] = characters.get(time.voice, 0.0) + _length(spoken.get(time.index, ""))
            seconds[time.voice] = seconds.get(time.voice, 0.0) + time.end_s - time.start_s
    found = {voice: characters[voice] / heard_s for voice, heard_s in seconds.items() if heard_s >= HEARD_MIN_S}
    return {voice: rate for voice, rate in found.items() if RATE_MIN <= rate <= RATE_MAX}
