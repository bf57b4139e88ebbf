"""How long a script takes to say."""

from collections.abc import Sequence

from models.script import Line

CHARACTERS_PER_S = 18.6
"""Of the spoken form, silence at the ends of takes not counted. Piper's en_US joe and the second host made from it said
scripts of 841, 1,974 and 2,127 characters at 18.3, 18.6 and 18.7; their words a minute varied from 203 to 225."""
PAUSE_S = 0.3
"""Silence between two lines, on average over changes of speaker and chapter."""
ENDS_S = 1.1
"""Silence before the first line and after the last."""
_WIDE = 3.5
"""Letters of an alphabet that take as long as one Chinese, Japanese or Korean character."""


def _length(spoken: str) -> float:
    wide = sum("\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3" for character in spoken)
    return len(spoken) + wide * (_WIDE - 1)


def speaking_s(lines: Sequence[Line]) -> float:
    """Seconds the lines take to say, pauses included."""
    return ENDS_S + sum(_length(line.spoken) / CHARACTERS_PER_S + PAUSE_S for line in lines)
