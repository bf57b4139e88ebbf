"""How long a script takes to say."""

from collections.abc import Iterable

from models.script import Line

WORDS_PER_MINUTE = 202.0
"""Piper's en_US joe said 1,092 words in 325 s, silence at the ends of turns not counted."""
PAUSE_S = 0.35
"""Silence between two lines, on average over changes of speaker and chapter."""


def speaking_s(lines: Iterable[Line]) -> float:
    """Seconds the lines take to say, pauses included."""
    return sum(len(line.spoken.split()) * 60 / WORDS_PER_MINUTE + PAUSE_S for line in lines)
