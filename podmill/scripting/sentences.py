"""Cutting text for speech."""

import re

WORDS_MAX = 45
"""Longest line: some thirteen seconds, about what is said in one breath or two and repaired in one take."""
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)\]\"'%][.!?]) (?=[\"'(\[]?[A-Z0-9])|(?<=[\u3002\uff01\uff1f])(?=.)")
_CLAUSE_END = re.compile(
    r"(?<=[;:\u2014]) |(?<=,) (?=(?:and|but|or|so|yet|which|who|where|when|while|because|although|whereas|as)\b)"
)
_COMMA = re.compile(r"(?<=,) |(?<=[\uff0c\u3001])(?=.)")
_WIDE = re.compile("[\u3040-\u9fff\uac00-\ud7a3]")


def words_in(text: str) -> int:
    """Words, where they are written apart; in Chinese, Japanese and Korean two characters count as one."""
    return len(text.split()) + len(_WIDE.findall(text)) // 2


def _pack(pieces: list[str], words_max: int) -> list[str]:
    """Neighbours joined again as long as they fit."""
    packed: list[str] = []
    for piece in pieces:
        if packed and words_in(packed[-1]) + words_in(piece) <= words_max:
            packed[-1] = f"{packed[-1]} {piece}"
        else:
            packed.append(piece)
    return packed


def split_long(text: str, words_max: int = WORDS_MAX) -> list[str]:
    """The text in pieces of at most ``words_max`` words: cut between sentences, else clauses, commas, words.

    No word is changed, added or lost.
    """
    text = " ".join(text.split())
    if words_in(text) <= words_max:
        return [text] if text else []
    for boundary in (_SENTENCE_END, _CLAUSE_END, _COMMA):
        pieces = boundary.split(text)
        if len(pieces) > 1:
            return _pack([part for piece in pieces for part in split_long(piece, words_max)], words_max)
    words = text.split()
    parts = -(-len(words) // words_max)
    length = -(-len(words) // parts)
    return [" ".join(words[first : first + length]) for first in range(0, len(words), length)]
