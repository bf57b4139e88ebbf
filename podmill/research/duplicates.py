"""Merging statements that say the same.

A wrong merge says of a source what it does not say, so the bar is high: the same words in nearly the same order, and
the same numbers, units, negations and hedges. Only inflection, order of phrases and unimportant words may differ.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from podmill.research.terms import Terms, terms

_PAIRS_SHARED_MIN: Final = 0.6
"""Of neighbouring words: a phrase may move, but who does what to whom may not."""
_WITHIN_MIN: Final = 0.7
"""Share of the fuller statement that the shorter must hold, to be the same with something left out."""
_PREFIX_MIN: Final = 5


@dataclass(frozen=True, slots=True)
class Merged:
    """One statement that stays, and those that say the same."""

    kept: int
    """Index into the statements."""
    same: tuple[int, ...]
    """Say exactly this, in other words."""
    within: tuple[int, ...]
    """Say this with something left out."""


def merge(statements: Sequence[str], language: str) -> list[Merged]:
    """Group near-duplicates; groups are in order of the statement that stays, the fullest, then the first.

    ``language`` is needed to leave words out: only where negations are known (English) is a shorter statement taken
    for the same as a fuller one.
    """
    found = [terms(statement) for statement in statements]
    # Longer first, so that a shorter one finds the fuller one it belongs to.
    order = sorted(range(len(found)), key=lambda index: (-len(found[index].stems), index))
    kept: dict[tuple[str, ...], list[int]] = {}
    same: dict[int, list[int]] = {}
    within: dict[int, list[int]] = {}
    for index in order:
        rivals = kept.setdefault(found[index].fixed, [])
        for rival in rivals:
            if _same(found[rival], found[index]):
                same[rival].append(index)
                break
            if language.startswith("en") and _within(found[index], found[rival]):
                within[rival].append(index)
                break
        else:
            rivals.append(index)
            same[index], within[index] = [], []
    return [Merged(index, tuple(sorted(same[index])), tuple(sorted(within[index]))) for index in sorted(same)]


def _same(first: Terms, second: Terms) -> bool:
    # Joined up, since compounds are written either way: honey bee, honeybee.
    if first.joined == second.joined:
        return True
    # Cheap, and true of nearly all pairs: most of the time is saved here.
    if len(first.bag ^ second.bag) > 2:
        return False
    only_first = Counter(first.stems) - Counter(second.stems)
    only_second = Counter(second.stems) - Counter(first.stems)
    if only_first.total() != only_second.total() or only_first.total() > 1:
        return False
    renamed = dict(zip(sorted(only_second), sorted(only_first), strict=True))
    if not all(_inflected(old, new) for old, new in renamed.items()):
        return False
    return _pairs_shared(first.stems, tuple(renamed.get(stem, stem) for stem in second.stems)) >= _PAIRS_SHARED_MIN


def _within(shorter: Terms, fuller: Terms) -> bool:
    if len(shorter.stems) < max(4, len(fuller.stems) * _WITHIN_MIN):
        return False
    if not shorter.bag <= fuller.bag or Counter(shorter.stems) - Counter(fuller.stems):
        return False
    left = set(shorter.stems)
    return _pairs_shared(shorter.stems, tuple(stem for stem in fuller.stems if stem in left)) >= _PAIRS_SHARED_MIN


def _pairs_shared(first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """Share of neighbouring words that both have, of the longer."""
    ours, theirs = Counter(pairwise(first)), Counter(pairwise(second))
    most = max(ours.total(), theirs.total())
    return (ours & theirs).total() / most if most else float(first == second)


def _inflected(first: str, second: str) -> bool:
    """Whether two stems are forms of one word: they share a beginning that is most of both."""
    shared = 0
    for ours, theirs in zip(first, second, strict=False):
        if ours != theirs:
            break
        shared += 1
    return shared >= max(_PREFIX_MIN, max(len(first), len(second)) - 2)
