"""How well each line was heard."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from models.verdict import LineVerdict
from podmill.verification.align import Pair, Token, align
from podmill.verification.names import Respelling, forgiven, marked


@dataclass(frozen=True, slots=True)
class LineScore:
    """One line against what was heard while it was spoken."""

    index: int
    words: tuple[str, ...]
    pairs: tuple[Pair, ...] = field(repr=False)
    """In the order of the line, equal ones included."""

    @classmethod
    def unheard(cls, index: int, words: Sequence[str]) -> "LineScore":
        return cls(index, tuple(words), tuple(Pair((Token(word, index),), (), equal=False) for word in words))

    @property
    def heard(self) -> tuple[str, ...]:
        return tuple(token.text for pair in self.pairs for token in pair.heard)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(token.text for pair in self.pairs if not pair.equal for token in pair.script)

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(token.text for pair in self.pairs if not pair.equal for token in pair.heard)

    @property
    def errors(self) -> int:
        """Words left out, put in, or said wrong; a word said wrong is one error, both missing and added."""
        return sum(not pair.equal for pair in self.pairs)

    @property
    def word_accuracy(self) -> float:
        """1 minus the word error rate, at least 0. A line without words is right when nothing was heard."""
        return word_accuracy(self.errors, len(self.words))


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
        names: either spelling of one is right, and what is like one of them.
    """
    script = [token for index, words in lines for token in marked(words, index, names)]
    order = {index: place for place, (index, _) in enumerate(lines)}
    found: dict[int, list[Pair]] = {index: [] for index, _ in lines}
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
        found[line].append(pair)
    return [LineScore(index, tuple(words), tuple(found[index])) for index, words in lines]


def total_accuracy(scores: Iterable[LineScore], known: Iterable[LineVerdict] = ()) -> float:
    """1 minus the word error rate over all lines, at least 0.

    Args:
        known: lines that were scored before, and passed.
    """
    counted = [(line.errors, len(line.words)) for line in scores]
    counted += [(round((1 - line.word_accuracy) * line.words), line.words) for line in known]
    return word_accuracy(sum(errors for errors, _ in counted), sum(words for _, words in counted))


def _lines_ahead(pairs: Sequence[Pair], *, last: int) -> list[int]:
    """For every pair, the line of the next script word from there on."""
    ahead = []
    for pair in reversed(pairs):
        if pair.script:
            last = pair.script[0].line
        ahead.append(last)
    return ahead[::-1]
