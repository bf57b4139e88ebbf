"""Words of any writing system, as they are compared."""

import unicodedata
from typing import Final

_UNSPACED: Final = (
    (0x0E00, 0x0EFF, "Thai and Lao"),
    (0x1000, 0x109F, "Myanmar"),
    (0x1780, 0x17FF, "Khmer"),
    (0x3005, 0x3007, "Ideographic iteration mark and zero"),
    (0x3040, 0x30FF, "Hiragana and Katakana"),
    (0x31F0, 0x31FF, "Katakana extensions"),
    (0x3400, 0x4DBF, "Han extension A"),
    (0x4E00, 0x9FFF, "Han"),
    (0xF900, 0xFAFF, "Han compatibility"),
    (0x20000, 0x3FFFF, "Han extensions"),
)
"""Writing without spaces between words: scored by character, as is usual for these languages."""

_OPTIONAL_MARKS: Final = frozenset(
    chr(code)
    for first, last in ((0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x0652))
    for code in range(first, last + 1)
) | {"\u0640", "\u0670"}
"""Hebrew points, Arabic vowel signs and the Arabic stretch: the same word is written with or without them."""

_INSIDE: Final = frozenset("'\u2019\u02bc\u00ad\u200b\u200c\u200d\u2060\ufeff")
"""Apostrophes and invisible marks do not divide a word."""


def tokens(text: str) -> list[str]:
    """Lower-case words without punctuation; single characters where the script has no spaces.

    Combining marks stay with the letter before them, so that no writing system loses its vowels. Text with at least
    one letter, digit or symbol gives at least one token.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("i\u0307", "i")  # what folding makes of the Turkish capital
    found: list[str] = []
    word = ""
    for char in folded:
        if char in _OPTIONAL_MARKS or char in _INSIDE:
            continue
        category = unicodedata.category(char)[0]
        if category == "M":
            if word:
                word += char
            elif found and _unspaced(found[-1][0]):
                found[-1] += char
            continue
        if word and (category not in "LN" or _unspaced(char)):
            found.append(word)
            word = ""
        if category in "LN":
            if _unspaced(char):
                found.append(char)
            else:
                word += char
    if word:
        found.append(word)
    return found or [char for char in folded if unicodedata.category(char)[0] in "LNS"]


def _unspaced(char: str) -> bool:
    code = ord(char)
    return any(first <= code <= last for first, last, _ in _UNSPACED)
