"""Pieces of regular expressions that the rules share.

Text may be hostile, so every pattern is linear: a number is entered only at its first digit, repeats are bounded or
possessive, and nothing nests.
"""

import re
from collections.abc import Iterable

from podmill.scripting.spoken.language import Language


def start() -> str:
    """A place where a number begins, and not the middle of one."""
    return r"(?<!\d)(?<!\d[.,])"


def alternatives(words: Iterable[str]) -> str:
    """Any of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def number_pattern(language: Language) -> str:
    """A number with thousands separators and decimals, as this language writes them."""
    if language.decimal == ",":
        return r"(?:\d{1,3}(?:\.\d{3}){1,6}+(?!\d)|\d{1,60}+)(?:,\d{1,20}+)?"
    return r"(?:\d{1,3}(?:,\d{3}){1,6}+(?!\d)|\d{1,60}+)(?:\.\d{1,20}+)?"
