"""Where a script is cut into requests: as few as the engine allows, at the places where a cut is heard least."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from podmill.speech.engine import EngineCapabilities, Voice
from podmill.text.punctuation import ENDED

GOES_ON: Final = tuple(",;\u060c\u061b\u3001\uff0c\uff1b")
"""A line that ends with one of these, or with a word, may go on in the next line."""

Cost = tuple[int, int, int, int]
"""Cuts within a sentence, requests, cuts within a line, cuts within a chapter: the first that differs decides."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is never cut: a sentence of a line."""

    index: int
    chapter: int
    speaker: str
    voice: Voice
    line: str
    start: int
    """In ``line``, in characters."""
    end: int

    @property
    def text(self) -> str:
        return self.line[self.start : self.end]


def goes_on(before: Unit, after: Unit) -> bool:
    """Whether a sentence that was too long for one line goes on in the next."""
    if (before.speaker, before.chapter) != (after.speaker, after.chapter) or before.index == after.index:
        return False
    said = before.text
    first = next((each for each in after.text if each.isalnum()), "")
    return said.endswith(GOES_ON) or not (ENDED.search(said) or first.isupper())


def grouped(units: Sequence[Unit], limits: EngineCapabilities) -> list[Sequence[Unit]]:
    """Units cut into requests: no sentence is cut if that can be, they are the fewest, and cut at the best places.

    Takes time in proportion to the number of units.
    """
    window = _Window(units, limits)
    # The cheapest way to cut what lies before each unit, without and with the cut before that unit itself.
    costs: list[Cost] = [(0, 0, 0, 0)]
    cut_costs: list[Cost] = []
    lasts: list[int] = []
    # Where the request that ends here may begin: cheaper ones only stand behind dearer ones that began earlier, so the
    # first is the cheapest; of equals the earliest.
    starts: deque[int] = deque()
    for end in range(1, len(units) + 1):
        cut_costs.append(_with_cut(costs[-1], units, end - 1))
        while starts and cut_costs[starts[-1]] > cut_costs[end - 1]:
            starts.pop()
        starts.append(end - 1)
        first = window.first(end)
        while starts[0] < first:
            starts.popleft()
        broken, requests, in_line, in_chapter = cut_costs[starts[0]]
        costs.append((broken, requests + 1, in_line, in_chapter))
        lasts.append(starts[0])
    groups = []
    end = len(units)
    while end:
        groups.append(units[lasts[end - 1] : end])
        end = lasts[end - 1]
    return groups[::-1]


def with_words(
    groups: Sequence[Sequence[Unit]], words: Mapping[int, Sequence[Unit]], limits: EngineCapabilities
) -> Iterator[Sequence[Unit]]:
    """Groups whose lines say something else now: only those that share such a line are cut anew.

    Args:
        words: by line, its units as it is now.
    """
    block: list[Unit] = []
    for place, group in enumerate(groups):
        block += group
        upcoming = groups[place + 1][0].index if place + 1 < len(groups) else None
        if group[-1].index == upcoming and upcoming in words:
            continue
        if any(unit.index in words for unit in block):
            lines = groupby(block, key=lambda unit: unit.index)
            yield from grouped([unit for index, said in lines for unit in words.get(index, said)], limits)
        else:
            yield block
        block = []


def _with_cut(cost: Cost, units: Sequence[Unit], place: int) -> Cost:
    """What it costs to begin a request at a unit, after all that is before it."""
    if place == 0:
        return cost
    before, after = units[place - 1], units[place]
    broken, requests, in_line, in_chapter = cost
    return (
        broken + goes_on(before, after),
        requests,
        in_line + (before.index == after.index),
        in_chapter + (before.chapter == after.chapter),
    )


class _Window:
    """The units of one request, as it moves along the script."""

    def __init__(self, units: Sequence[Unit], limits: EngineCapabilities) -> None:
        self._units = units
        self._limits = limits
        # A local voice says nothing of when a line is heard: lines that share a request could not be told apart.
        self._shared = limits.max_speakers > 1 or limits.timestamps
        self._first = self._end = 0
        self._voices: Counter[Voice] = Counter()
        self._places: list[tuple[int, int]] = []
        """Where each unit begins and ends when all lines are joined by line ends."""
        last: Unit | None = None
        for unit in units:
            at = self._places[-1][1] if self._places else 0
            gap = unit.start - last.end if last and last.index == unit.index else 1
            self._places.append((at + gap, at + gap + unit.end - unit.start))
            last = unit

    def first(self, end: int) -> int:
        """The earliest unit that a request can begin with which ends before ``end``; it never moves back."""
        while self._end < end:
            self._voices[self._units[self._end].voice] += 1
            self._end += 1
        while self._first < end - 1 and not self._fits():
            voice = self._units[self._first].voice
            self._voices[voice] -= 1
            if not self._voices[voice]:
                del self._voices[voice]
            self._first += 1
        return self._first

    def _fits(self) -> bool:
        """Whether these units can be one request; then fewer of them can be one, too."""
        limits, last = self._limits, self._end - 1
        longest = limits.max_characters
        if len(self._voices) > 1:
            longest = min(longest, limits.dialogue_characters or longest)
            # Of a request of several voices none can be shifted in pitch.
            if any(voice.pitch != 1.0 for voice in self._voices):
                return False
        if self._units[self._first].index != self._units[last].index and not self._shared:
            return False
        characters = self._places[last][1] - self._places[self._first][0]
        return characters <= longest and len(self._voices) <= limits.max_speakers
