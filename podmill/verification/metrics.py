"""How well each line was heard, and whether that is good enough."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein

from models.verdict import LineVerdict
from podmill.verification.align import Pair, Token, align
from podmill.verification.names import Respelling, forgiven, marked

BROKEN_ACCURACY: Final = 0.3
BROKEN_WORDS: Final = 4
BROKEN_LIKENESS: Final = 0.5
"""Of the letters. Two unrelated English sentences of the same length share 0.2 to 0.3; names the transcriber does not
know are spelled wrong but stay above this."""


@dataclass(frozen=True, slots=True)
class LineScore:
    """One line against what was heard while it was spoken."""

    index: int
    words: tuple[str, ...]
    heard: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    errors: int
    """Words left out, put in, or said wrong; a word said wrong is one error, both missing and added."""

    @classmethod
    def unheard(cls, index: int, words: tuple[str, ...]) -> "LineScore":
        return cls(index, words, heard=(), missing=words, added=(), errors=len(words))

    @property
    def word_accuracy(self) -> float:
        """1 minus the word error rate, at least 0. A line without words is right when nothing was heard."""
        return word_accuracy(self.errors, len(self.words))

    @property
    def broken(self) -> bool:
        """The line was not said, or something else was: no average makes up for that."""
        if len(self.words) < BROKEN_WORDS or self.word_accuracy >= BROKEN_ACCURACY:
            return False
        return Levenshtein.normalized_similarity("".join(self.words), "".join(self.heard)) < BROKEN_LIKENESS

    def verdict(self) -> LineVerdict:
        return LineVerdict(
            index=self.index,
            word_accuracy=self.word_accuracy,
            words=len(self.words),
            heard=" ".join(self.heard),
            missing=self.missing,
            added=self.added,
        )


def word_accuracy(errors: int, words: int) -> float:
    if words == 0:
        return 0.0 if errors else 1.0
    return max(0.0, 1 - errors / words)


def score(
    lines: Sequence[tuple[int, Sequence[str]]], heard: Sequence[Token], names: Sequence[Respelling] = ()
) -> list[LineScore]:
    """Scores of lines that follow one another, by index and words, against all that was heard from first to last.

    A word put in between two lines counts against the one that was being spoken at that time.

    Args:
        names: said in another spelling than their own: either is right, and what is like one of them.
    """
    script = [token for index, words in lines for token in marked(words, index, names)]
    order = {index: place for place, (index, _) in enumerate(lines)}
    found: dict[int, _Tally] = {index: _Tally() for index, _ in lines}
    pairs = forgiven(align(script, heard))
    following = _lines_ahead(pairs, last=lines[-1][0])
    before = lines[0][0]
    for pair, after in zip(pairs, following, strict=True):
        if pair.script:
            line = pair.script[0].line
            before = pair.script[-1].line
        else:
            place = min(max(order[pair.heard[0].line], order[before]), order[after])
            line = lines[place][0]
        found[line].take(pair)
    return [LineScore(index, tuple(words), *found[index].lists(), errors=found[index].errors) for index, words in lines]


def total_accuracy(scores: Iterable[LineScore]) -> float:
    """1 minus the word error rate over all lines, at least 0."""
    counted = [(line.errors, len(line.words)) for line in scores]
    return word_accuracy(sum(errors for errors, _ in counted), sum(words for _, words in counted))


def acceptable(scores: Iterable[LineScore], threshold: float) -> bool:
    """Good enough as a whole, and nothing in it broken."""
    lines = list(scores)
    return total_accuracy(lines) >= threshold and not any(line.broken for line in lines)


def to_respeak(scores: Iterable[LineScore], threshold: float) -> tuple[int, ...]:
    """Lines that are broken or below the threshold, worst first."""
    bad = [line for line in scores if line.broken or line.word_accuracy < threshold]
    bad.sort(key=lambda line: (not line.broken, line.word_accuracy, -line.errors, line.index))
    return tuple(line.index for line in bad)


class _Tally:
    """What one line is credited with while the pairs are gone through."""

    def __init__(self) -> None:
        self.errors = 0
        self._heard: list[str] = []
        self._missing: list[str] = []
        self._added: list[str] = []

    def take(self, pair: Pair) -> None:
        self._heard += (token.text for token in pair.heard)
        if pair.equal:
            return
        self.errors += 1
        self._missing += (token.text for token in pair.script)
        self._added += (token.text for token in pair.heard)

    def lists(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        return tuple(self._heard), tuple(self._missing), tuple(self._added)


def _lines_ahead(pairs: Sequence[Pair], *, last: int) -> list[int]:
    """For every pair, the line of the next script word from there on."""
    ahead = []
    for pair in reversed(pairs):
        if pair.script:
            last = pair.script[0].line
        ahead.append(last)
    return ahead[::-1]
