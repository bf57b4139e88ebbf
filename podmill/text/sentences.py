"""Splitting a paragraph into sentences, in any language and without a trained splitter.

A full stop is the hard mark: it also ends abbreviations, initials and ordinals. Where it is in doubt the sentences stay
together, since half a sentence is worse than two.
"""

# ruff: noqa: RUF001, SIM905 - quotation marks of every script; word lists that read better as text

import re
from dataclasses import dataclass
from typing import Final

from podmill.text.punctuation import CLOSERS, FULL_STOPS, OPENERS, PAIRS, STOPS

Span = tuple[int, int]

_MARK: Final = re.compile(f"([{re.escape(STOPS + FULL_STOPS)}]+)[{re.escape(CLOSERS)}]*")
_BRACKET: Final = re.compile(f'[{re.escape("".join(PAIRS) + "".join(PAIRS.values()))}"]')
_HELD_MAX_CHARS: Final = 300
"""How far an open quotation or bracket may hold sentences together before it is taken for a slip."""
_TOKEN: Final = re.compile(r"[^\s(\[\"'“‘«]*$")
_TOKEN_MAX_CHARS: Final = 40
_SAYING: Final = ("と", "っ", "って")
"""A Japanese quotation goes on with these: 「…。」と言った."""

_BEFORE_NAMES: Final = frozenset(
    "mr mrs ms dr prof st gen col sgt capt cpt lt maj rev hon gov sen rep pres supt fr sr sra srta dra herr hr fr "
    "mme mlle e.g i.e vs cf al ca approx esp incl resp viz z.b d.h u.a bzw sog usw ggf p.ej mt ft".split()
)
"""Abbreviations that never end a sentence."""
_BEFORE_NUMBERS: Final = frozenset("no nos nr núm fig figs eq sec ch chap vol pp p pt art bd abs par op ver v".split())
"""Abbreviations when a number follows."""
_MAY_END: Final = frozenset(
    "etc inc ltd co corp llc bros jr sr ph.d m.d b.a m.a b.sc m.sc u.s u.k u.n e.u d.c a.m p.m a.d b.c b.c.e c.e dept "
    "univ assn ave blvd rd jan feb apr jun jul aug sep sept oct nov dec eds".split()
)
"""Abbreviations that end a sentence only where the next word clearly begins one."""
_STARTERS: Final = frozenset(
    "the a an in on at it its he she they we i you this that these those there when while if although though because "
    "since after before during as for from with by but and or so yet however moreover today now then here his her "
    "their our my some many most all each every both few several one two no not to of such what who how why where "
    "der die das ein eine es er sie wir im am und aber le la les un une il elle ils dans et mais el los las y".split()
)
_MONTHS_DE: Final = frozenset(
    "januar februar märz april mai juni juli august september oktober november dezember".split()
)


def split(text: str) -> list[Span]:
    """The sentences of a paragraph as spans of it: in order, not overlapping, and all its visible text is in one."""
    spans: list[Span] = []
    start = 0
    held = _Held(text)
    for mark in _MARK.finditer(text):
        if mark.end() <= start or not _ends(text, start, mark) or held.by_pair(start, mark.end()):
            continue
        spans.append((start, mark.end()))
        start = _skip_space(text, mark.end())
    if text[start:].strip():
        spans.append((start, start + len(text[start:].rstrip())))
    return [(begin, end) for begin, end in spans if text[begin:end].strip()]


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


@dataclass(slots=True)
class _Held:
    """Whether an open bracket or quotation holds a place inside its sentence; reads the text once."""

    text: str
    position: int = 0
    closer: str = ""
    depth: int = 0

    def by_pair(self, start: int, end: int) -> bool:
        if start > self.position:
            self.position, self.closer, self.depth = start, "", 0
        for found in _BRACKET.finditer(self.text, self.position, end):
            self._take(found[0], found.start())
        self.position = end
        if not self.closer:
            return False
        return self.text.find(self.closer, end, end + _HELD_MAX_CHARS) >= 0

    def _take(self, char: str, at: int) -> None:
        if self.closer:
            if char == self.closer:
                self.depth -= 1
            elif PAIRS.get(char) == self.closer:
                self.depth += 1
            if not self.depth:
                self.closer = ""
            return
        # A straight quotation mark opens only after a space: 12" is a measure.
        opens = at == 0 or self.text[at - 1].isspace() or self.text[at - 1] in OPENERS
        if char in PAIRS or (char == '"' and opens):
            self.closer, self.depth = PAIRS.get(char, '"'), 1


def _ends(text: str, start: int, mark: re.Match[str]) -> bool:
    """Whether a mark ends its sentence, by what stands before and after it."""
    after = text[mark.end() : mark.end() + _TOKEN_MAX_CHARS]
    if not after.strip():
        return True
    if mark[1][-1] in FULL_STOPS:
        return not (mark.end() > mark.end(1) and after.startswith(_SAYING))
    if not after[0].isspace():
        return False
    following = after.lstrip().lstrip(OPENERS)
    if following[:1].islower():
        return False
    if mark[1] != "." or mark.end() > mark.end(1):
        return True
    return _full_stop_ends(text[max(start, mark.start() - _TOKEN_MAX_CHARS) : mark.start()], following)


def _full_stop_ends(before: str, following: str) -> bool:
    found = _TOKEN.search(before)
    token = found[0] if found else ""
    word = token.casefold()
    word_after = re.split(r"[^\w'’]", following, maxsplit=1)[0].casefold()
    if token.isdigit() and len(token) <= 2:
        # An ordinal (3. Oktober) or the number of a list item; a sentence may end in a number too.
        return word_after not in _MONTHS_DE and before.strip() != token
    if word in _BEFORE_NAMES:
        return False
    if word in _BEFORE_NUMBERS and following[:1].isdigit():
        return False
    if word in _MAY_END or _is_initials(token):
        return word_after in _STARTERS
    return True


def _is_initials(token: str) -> bool:
    return all(len(part) == 1 and part.isalpha() for part in token.split("."))
