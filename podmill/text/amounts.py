"""How much speech a length of text is, and how much text a length of speech."""

import unicodedata
from typing import Final

from podmill.text.tongue import primary

WIDE: Final = ("ja", "ko", "yue", "zh")
WIDE_A_CHARACTER: Final = 3.45
"""Letters of an alphabet that one character takes as long as, kana, marks and numbers in words among them."""
DENSE: Final = 3.5
"""Letters that a syllable of Chinese, Japanese or Korean writing takes as long as."""
LINES_A_MINUTE: Final = 10.0
"""Of scripts of 2 to 40 minutes in English, German, Spanish and Japanese, by all writers: 8.8 to 11.5."""


def characters_in(seconds: float, language: str, a_second: float) -> float:
    """Characters that are said in a time without pauses.

    Args:
        a_second: letters a second of the voice.
    """
    return seconds * a_second / (WIDE_A_CHARACTER if primary(language) in WIDE else 1.0)


def is_dense(character: str) -> bool:
    """Whether it is a syllable of Chinese, Japanese or Korean writing."""
    return unicodedata.east_asian_width(character) == "W"
