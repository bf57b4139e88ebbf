"""A script with less in it: without chapters that say least of the topic, and then without the ends of others."""

from collections.abc import Mapping
from typing import Final

from models.script import Script

LEAST: Final = 0.6
"""Of the length that was asked for: no episode is made shorter than this for its price."""
LOOSE: Final = 0.1
"""Of the script: a chapter is left out whole where the rest is no more than this shorter than it has to be."""
ENDS: Final = 2
"""Lines that open and close a script of too few chapters to leave one out; a chapter that is cut keeps as many."""


def shorter(
    script: Script, share: float, *, least: float = 0.0, relevance: Mapping[str, float] | None = None
) -> tuple[int, ...] | None:
    """Lines that are kept when a script may be this long: how it opens and closes, and most of what lies between.

    No chapter ends with a question that is left open.

    Args:
        share: of its characters, at most.
        least: of its characters, at least.
        relevance: 0 to 1, of facts by their ids.

    Returns:
        Indexes of lines; None when it cannot be cut so.
    """
    cut = _Cut(script, relevance or {})
    lowest = max(least, share - LOOSE) * script.characters
    for chapter in cut.least_relevant_first():
        if cut.characters <= share * script.characters:
            break
        if cut.characters - cut.size(chapter) >= lowest:
            cut.leave_out(chapter)
    while cut.characters > share * script.characters:
        if not cut.shorten():
            return None
    return tuple(cut.kept) if cut.characters >= least * script.characters else None


class _Cut:
    """What is left of a script."""

    def __init__(self, script: Script, relevance: Mapping[str, float]) -> None:
        self._script = script
        self._relevance = relevance
        self.kept = [line.index for line in script.lines]
        chapters = list(dict.fromkeys(line.chapter for line in script.lines))
        self._between = chapters[1:-1]
        # Of one or two chapters each is cut, and only its first and last words stay.
        self._cuttable = self._between or chapters
        ends = self.kept[:ENDS] + self.kept[-ENDS:]
        self._fixed = frozenset(ends if not self._between else ())

    @property
    def characters(self) -> int:
        return sum(len(self._script.lines[index].spoken) for index in self.kept)

    def size(self, chapter: int) -> int:
        return sum(len(self._script.lines[index].spoken) for index in self._of(chapter))

    def least_relevant_first(self) -> list[int]:
        """Chapters that may be left out; of two that say as much, the later one goes first."""
        return sorted(self._between, key=lambda chapter: (self._said(chapter), -chapter))

    def leave_out(self, chapter: int) -> None:
        gone = set(self._of(chapter))
        self.kept = [index for index in self.kept if index not in gone]

    def shorten(self) -> bool:
        """Take the last line, and questions that it leaves open, from the longest chapter that has lines to give."""
        for chapter in sorted(self._cuttable, key=self.size, reverse=True):
            lines = [index for index in self._of(chapter) if index not in self._fixed]
            if len(lines) <= (ENDS if self._between else 0):
                continue
            self.kept.remove(lines.pop())
            while lines and self._script.lines[lines[-1]].text.rstrip().endswith("?"):
                self.kept.remove(lines.pop())
            return True
        return False

    def _of(self, chapter: int) -> list[int]:
        return [index for index in self.kept if self._script.lines[index].chapter == chapter]

    def _said(self, chapter: int) -> float:
        facts = [fact for index in self._of(chapter) for fact in self._script.lines[index].facts]
        return sum(self._relevance.get(fact, 0.0) for fact in facts) / max(len(facts), 1)
