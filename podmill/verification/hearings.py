"""What was heard of every line so far; of several hearings the one that speaks best of it counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from models.recording import LineTime
from podmill.verification.faults import Slip, slips, worth
from podmill.verification.listening import Heard
from podmill.verification.metrics import LineScore, score, total_accuracy
from podmill.verification.names import Respelling
from podmill.verification.passages import Passage
from podmill.verification.voicing import Span, share

SILENT_MAX: Final = 0.3
"""Share of a line in which somebody speaks. Sound lines have 0.8 and more, silent ones what their neighbours leave."""


class Hearings:
    """By line. A transcriber at times skips words in company, or hears in a neighbour's time what is not its own: a
    line is as good as its best hearing, for what was not said is heard in none. What turns the sense of a line fails it
    when each of several hearings has it, and stays in doubt when two have: larger models hear what is likelier."""

    def __init__(self, expected: Mapping[int, tuple[str, ...]], names: Sequence[Respelling], language: str) -> None:
        """
        Args:
            expected: the comparable words of every line.
            language: of two or three letters.
        """
        self._expected = expected
        self._names = names
        self.language = language
        self._best = {index: LineScore.unheard(index, words) for index, words in expected.items()}
        self._slips: dict[int, list[Slip]] = {}
        self._turned: dict[int, list[dict[str, Slip]]] = {}
        self._voiced: dict[int, tuple[Span, ...]] = {}

    @property
    def scores(self) -> list[LineScore]:
        """In the order of the script."""
        return [self._best[index] for index in self._expected]

    def slips(self, index: int) -> list[Slip]:
        hearings = self._turned.get(index, [])
        often = Counter(turned for hearing in hearings for turned in hearing)
        agreed = {turned for turned, times in often.items() if times == len(hearings) > 1}
        found = [slip.failing() if slip.turned in agreed else slip for slip in self._slips.get(index, [])]
        named = {slip.turned for slip in found}
        others = {turned: slip for hearing in hearings for turned, slip in hearing.items() if often[turned] > 1}
        return found + [slip for turned, slip in others.items() if turned not in named and not slip.fails]

    def doubtful(self, threshold: float) -> set[int]:
        """Lines with slips; also those below a threshold, when all of them together are."""
        found = {index for index in self._slips if self.slips(index)}
        if total_accuracy(self.scores) < threshold:
            found |= {line.index for line in self.scores if line.word_accuracy < threshold}
        return found

    def heard(self, index: int) -> bool:
        """The line has a time in the recording, and somebody listened to it."""
        return index in self._voiced

    def silent(self, time: LineTime) -> bool:
        """Nobody speaks while the line should be spoken."""
        return share(time.start_s, time.end_s, self._voiced.get(time.index, ())) < SILENT_MAX

    def take(self, passage: Passage, heard: Heard) -> None:
        """One more hearing of the lines of a passage."""
        lines = [(time.index, self._expected[time.index]) for time in passage.lines]
        for time, line in zip(passage.lines, score(lines, heard.words, self._names), strict=True):
            found = slips(line, time, self.language)
            known = self._slips.get(time.index)
            badness = (worth(found), line.errors)
            if known is None or badness < (worth(known), self._best[time.index].errors):
                self._best[time.index] = line
                self._slips[time.index] = found
            self._turned.setdefault(time.index, []).append({slip.turned: slip for slip in found if slip.turned})
            self._voiced.setdefault(time.index, heard.voiced)
