"""Words in a text of any script: whether some are said in it, and how many there are."""

import re
import unicodedata
from typing import Final

_APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\uff07", "'"))
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)
"""Thai, Lao, Burmese, Khmer, Hiragana and Chinese characters: nothing stands between two of their words."""
_KATAKANA: Final = re.compile(r"[\u30a1-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL: Final = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_CHARACTERS_A_WORD: Final = 2
"""Where words are not told apart. Most Chinese ones are of two; Thai ones are of three or four, vowels and all."""


def said_in(words: str, text: str) -> bool:
    """Whether words stand in a text as they are, whatever their case and apostrophes, and not inside of longer ones.

    Where a script does not show where its words end they stand anywhere; Korean words may have a particle behind them.
    """
    spaced = r"\s+".join(map(re.escape, _plain(words).split()))
    heard = _plain(text)
    found = re.finditer(f"(?=({spaced}))", heard, re.IGNORECASE) if spaced else ()
    return any(_is_border(heard, match.start(1)) and _is_border(heard, match.end(1), ends=True) for match in found)


def words_in(text: str) -> int:
    """How many words a text has; about, where its script does not tell them apart."""
    rest, unspaced = _UNSPACED.subn(" ", text)
    return len([each for each in rest.split() if any(map(str.isalnum, each))]) + -(-unspaced // _CHARACTERS_A_WORD)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).translate(_APOSTROPHES)


def _is_border(text: str, at: int, *, ends: bool = False) -> bool:
    """Whether a place may lie between two words."""
    if at in (0, len(text)):
        return True
    before, after = _kind(text[at - 1]), _kind(text[at])
    if unicodedata.category(text[at]).startswith("M"):
        return False
    return before != after or before in ("", "unspaced") or (ends and before == "hangul")


def _kind(character: str) -> str:
    """Which letters a letter goes together with to a word."""
    if not (character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")):
        return ""
    for kind, letters in (("unspaced", _UNSPACED), ("katakana", _KATAKANA), ("hangul", _HANGUL)):
        if letters.match(character):
            return kind
    return "spaced"
