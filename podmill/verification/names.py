"""Names: a transcriber cannot know how one is written, and writes what it sounds like."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rapidfuzz.distance import Levenshtein

from podmill.verification.align import Pair, Token
from podmill.verification.normalize import words

LIKENESS: Final = 0.5
"""Of the letters. The bundled transcriber wrote ``Gurdo`` (0.6) for ``gurta``, which is Goethe, ``so chill`` (0.57) for
``so cheel``, and ``Neve`` (0.5) for ``neev``; two unrelated words share 0.2 to 0.3."""

_NOUNS_CAPITAL: Final = frozenset(("de", "lb"))
"""Where every noun is written with a capital, which tells no names."""

_WITHIN: Final = re.compile(r"(?<=[\w,;:] )[^\W\d_]\w+")
"""Words that do not begin a sentence."""

_BEFORE_ANOTHER: Final = re.compile(r"([^\W\d_]\w+)(?= ([^\W\d_])\w)")
"""Words, and the first letter of the next."""

LONGER_MAX: Final = 1.6
"""Times the letters of a name: more is a name that was said twice, or a word too many."""

SHORTER_MIN: Final = 0.6
"""Likewise: less is a name of which a part was left out."""


@dataclass(frozen=True, slots=True)
class Respelling:
    """A name, in comparable words."""

    said: tuple[str, ...]
    """As the voice was given it."""
    written: str
    """As readers see it, without spaces."""


def respellings(pronunciations: Mapping[str, str], language: str) -> tuple[Respelling, ...]:
    """The names of a script that are said in another spelling, and their genitives; the longest first."""
    found = [
        Respelling(tuple(words(say + ending, language)), "".join(words(name + ending, language)))
        for name, say in pronunciations.items()
        for ending in ("", "'s")
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: -len(each.said)))


def proper(texts: Iterable[str], language: str) -> tuple[Respelling, ...]:
    """The names in the lines of a script: words that have a capital within a sentence, or stand before one that has,
    and are never without one."""
    if language in _NOUNS_CAPITAL:
        return ()
    lines = list(texts)
    inner = {word for text in lines for word in _WITHIN.findall(text)}
    first = {word for text in lines for word, follows in _BEFORE_ANOTHER.findall(text) if follows.isupper()}
    names = sorted(word for word in inner | first if word[0].isupper() and word.lower() not in inner)
    said = {name: tuple(words(name, language)) for name in names}
    return tuple(Respelling(form, "".join(form)) for form in dict.fromkeys(said.values()))


def marked(said: Sequence[str], line: int, names: Sequence[Respelling]) -> Iterator[Token]:
    """The words of a line; those of a respelled name say how it is written."""
    place = 0
    while place < len(said):
        name = next((each for each in names if tuple(said[place : place + len(each.said)]) == each.said), None)
        length = len(name.said) if name else 1
        yield from (Token(word, line, name.written if name else "") for word in said[place : place + length])
        place += length


def forgiven(pairs: Sequence[Pair]) -> list[Pair]:
    """An alignment in which a respelled name is right when either spelling of it was heard, or a word like one."""
    found: list[Pair] = []
    for of_names, run in groupby(pairs, key=lambda pair: all(token.name for token in pair.script)):
        group = list(run)
        script = tuple(token for pair in group for token in pair.script)
        heard = tuple(token for pair in group for token in pair.heard)
        if of_names and script and not all(pair.equal for pair in group) and _alike(script, heard):
            found.append(Pair(script, heard, equal=True))
        else:
            found += group
    return found


def _alike(script: Sequence[Token], heard: Sequence[Token]) -> bool:
    said = "".join(token.text for token in script)
    written = "".join(name for name, _ in groupby(token.name for token in script))
    text = "".join(token.text for token in heard)
    if len(text) > LONGER_MAX * max(len(said), len(written)) or len(text) < SHORTER_MIN * min(len(said), len(written)):
        return False
    return max(Levenshtein.normalized_similarity(text, each) for each in (said, written)) >= LIKENESS
