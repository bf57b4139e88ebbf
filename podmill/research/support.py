"""Whether a page bears a claim out, by its words alone.

A claim that is let through wrongly is told to listeners as true, so the bar is high: most of its words within a few
sentences of the page, and all of its numbers and negations.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from podmill.research.readers import Reading
from podmill.research.terms import NEGATIONS, Terms, terms
from podmill.text.sentences import split
from podmill.text.tongue import primary

COVERED_MIN: Final = 0.7
"""Share of the claim's words that the passage must have."""
NEAR_MIN: Final = 0.34
"""Share from which on a passage may bear the claim out in other words, which only a reader can tell."""
PAIRS_MIN: Final = 0.2
"""Share of the claim's neighbouring words that are neighbours, or next but one, in the passage."""
SENTENCES_MAX: Final = 3
WORDS_MIN: Final = 3
PASSAGE_MAX_CHARS: Final = 1200
NOUNS_CAPITALISED: Final = ("de", "lb")

_NAME: Final = re.compile(r"(?<=[^.!?:\s] )[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a page, verbatim."""

    page: int
    text: str
    location: str
    heading: str | None
    title: str | None
    """Of the page."""
    terms: Terms


@dataclass(frozen=True, slots=True)
class Match:
    passage: Passage
    covered: float
    """Share of the claim's words that it has, 0 to 1."""
    bears_out: bool


class Passages:
    """All stretches of up to three sentences of some pages."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._all = [passage for page, reading in enumerate(readings) for passage in _of_page(page, reading)]
        self._by_stem: dict[str, set[int]] = {}
        for index, passage in enumerate(self._all):
            for stem in passage.terms.bag | _figures(passage.terms):
                self._by_stem.setdefault(stem, set()).add(index)

    def best(self, claim: str, pages: Sequence[int], count: int) -> list[Match]:
        """The passages nearest to a claim, best first: those that bear it out, the pages it names, the shortest.

        One of each page at most.
        """
        wanted = terms(claim)
        hits: dict[int, int] = {}
        for stem in wanted.bag | _figures(wanted):
            for index in self._by_stem.get(stem, ()):
                hits[index] = hits.get(index, 0) + 1
        # A page in another language shares names and numbers with the claim, if anything.
        near = (
            index
            for index, found in hits.items()
            if found >= NEAR_MIN * len(wanted.bag) or self._all[index].page in pages
        )
        matches = [_match(wanted, self._all[index]) for index in near]
        matches.sort(
            key=lambda match: (
                not match.bears_out,
                -round(match.covered, 1),
                match.passage.page not in pages,
                len(match.passage.text),
                match.passage.page,
            )
        )
        first: dict[int, Match] = {}
        for match in matches:
            first.setdefault(match.passage.page, match)
        return list(first.values())[:count]


def holds(quote: str, passage: str) -> bool:
    """Whether a passage has these very words in this order, whatever stands between them besides letters and digits."""
    return bool(_plain(quote)) and _plain(quote) in _plain(passage)


def agrees(claim: str, passage: str) -> bool:
    """Whether all numbers of a claim stand in a passage; in any language, as far as they are digits."""
    return _figures(terms(claim)) <= _figures(terms(passage))


def unnamed(claim: str, passage: str, language: str) -> frozenset[str]:
    """Stems of the names in a claim that a passage does not have; none where every noun has a capital."""
    if primary(language) in NOUNS_CAPITALISED:
        return frozenset()
    named = (word for word in _NAME.findall(claim) if word[0].isupper())
    return frozenset(stem for word in named for stem in terms(word).bag) - terms(passage).bag


def _match(claim: Terms, passage: Passage) -> Match:
    there = passage.terms
    covered = len(claim.bag & there.bag) / max(len(claim.bag), 1)
    bears_out = (
        len(claim.bag) >= WORDS_MIN
        and covered >= COVERED_MIN
        and _numbers(claim) <= _numbers(there)
        and _negated(claim) == _negated(there)
        and _order(claim, there) >= PAIRS_MIN
    )
    return Match(passage, covered, bears_out)


def _of_page(page: int, reading: Reading) -> Iterator[Passage]:
    for paragraph in reading.paragraphs:
        spans = split(paragraph.text)
        for first in range(len(spans)):
            for last in range(first, min(first + SENTENCES_MAX, len(spans))):
                text = paragraph.text[spans[first][0] : spans[last][1]]
                if len(text) <= PASSAGE_MAX_CHARS:
                    yield Passage(page, text, paragraph.location, paragraph.heading, reading.title, terms(text))


def _numbers(found: Terms) -> frozenset[str]:
    return frozenset(each for each in found.fixed if each not in NEGATIONS and each != "not")


def _negated(found: Terms) -> bool:
    return any(each in NEGATIONS or each == "not" for each in found.fixed)


def _order(claim: Terms, passage: Terms) -> float:
    ours = set(pairwise(claim.stems))
    theirs = set(pairwise(passage.stems)) | set(zip(passage.stems, passage.stems[2:], strict=False))
    return len(ours & theirs) / len(ours) if ours else 1.0


def _figures(found: Terms) -> frozenset[str]:
    return frozenset(each for each in found.fixed if each[0].isdigit())


def _plain(text: str) -> str:
    return " ".join("".join(each if each.isalnum() else " " for each in text.casefold()).split())
