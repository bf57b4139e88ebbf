"""What is wrong with the words of a line: which of the differences to what was heard a listener would notice.

Transcribers write down something else than was said, mostly names and little words, but something that sounds like it:
as many letters, half of them the same. A voice that leaves out a phrase, says it twice or says another one changes the
number of letters, or nearly all of them. The limits lie between the two kinds of lines of ``tests/golden/hearing.py``.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from num2words import num2words
from rapidfuzz.distance import Levenshtein

from models.recording import LineTime
from models.verdict import Fault, FaultKind
from podmill.verification.align import Pair, Token
from podmill.verification.metrics import LineScore

LETTERS_MAX: Final = 3
"""Letters in a row that may be missing or added before a line fails: ``the`` for nothing. Fewer are no doubt either."""

WRONG_MAX: Final = 6
"""Letters in a row that may be others: ``one two`` was heard as ``want to``. Half of that is no doubt either."""

SHARE_MIN: Final = 0.4
"""Of the letters of a passage: a smaller part that is missing or too much is a matter of spelling."""

GAP_MIN: Final = 8
"""Letters in a row that have no counterpart at all, however much of the passage is otherwise alike: two words or more.
Of sound lines the most is 5."""

LIKENESS: Final = 0.4
"""Of the letters. What sounds alike shares 0.5 and more; two unrelated texts 0.2 to 0.3."""

SWAP_LIKENESS: Final = 0.7
SWAP_LETTERS: Final = 6
SWAP_REACH: Final = 8
"""Lines to either side in which another one's words are looked for."""

_DIGITS_MAX: Final = 15


@dataclass(frozen=True, slots=True)
class Slip:
    """A difference between a line and what was heard of it."""

    kind: FaultKind
    letters: int
    """How much of it there is; a character of Chinese or Japanese counts as two."""
    said: str
    start_s: float
    end_s: float

    @property
    def fails(self) -> bool:
        return self.letters > (WRONG_MAX if self.kind == "wrong" else LETTERS_MAX)

    @property
    def doubtful(self) -> bool:
        return self.letters > WRONG_MAX // 2 if self.kind == "wrong" else self.letters >= LETTERS_MAX

    def fault(self) -> Fault:
        return Fault(kind=self.kind, said=self.said, start_s=self.start_s, end_s=self.end_s)


def slips(line: LineScore, time: LineTime) -> list[Slip]:
    """Differences that mishearing does not explain, in the order of the line.

    A line of which nothing was heard, or nothing that is like it, fails however short it is.
    """
    if not any(pair.equal for pair in line.pairs):
        whole = _slip(line.pairs, (), (), time)
        return [_failing(whole)] if whole else []
    runs = [(equal, tuple(run)) for equal, run in groupby(line.pairs, key=lambda pair: pair.equal)]
    found = []
    for place, (equal, run) in enumerate(runs):
        if equal:
            continue
        before = runs[place - 1][1] if place else ()
        after = runs[place + 1][1] if place + 1 < len(runs) else ()
        slip = _slip(run, before, after, time)
        if slip and slip.doubtful:
            found.append(slip)
    return found


def worth(found: Sequence[Slip]) -> int:
    """How bad slips are together."""
    return sum(slip.letters for slip in found)


def swapped(lines: Sequence[LineScore], failing: Collection[int]) -> dict[int, int]:
    """Of lines that fail, those in whose place another line is heard, and which; its repetition in its own is none."""
    heard = {line.index: _letters(line.heard) for line in lines}
    said = {line.index: _letters(line.words) for line in lines}
    order = [line.index for line in lines]
    found = {}
    for place, index in enumerate(order):
        if index not in failing or len(heard[index]) < SWAP_LETTERS:
            continue
        near = order[max(0, place - SWAP_REACH) : place + SWAP_REACH + 1]
        likest = max(near, key=lambda other: _alike(said[other], heard[index]))
        if likest != index and _alike(said[likest], heard[index]) >= SWAP_LIKENESS:
            found[index] = likest
    return found


def _slip(run: Sequence[Pair], before: Sequence[Pair], after: Sequence[Pair], time: LineTime) -> Slip | None:
    script = [token.text for pair in run for token in pair.script]
    heard = [token for pair in run for token in pair.heard]
    written, got = _letters(script), _letters(token.text for token in heard)
    lost = _weight(written) - _weight(got)
    less = lost if lost > LETTERS_MAX and lost >= SHARE_MIN * _weight(written) else 0
    more = -lost if -lost > LETTERS_MAX and -lost >= SHARE_MIN * _weight(got) else 0
    gone, come = _gaps(written, got)
    start_s, end_s = _span(heard, before, after, time)
    script_text, heard_text = " ".join(script), " ".join(token.text for token in heard)
    if not got or less or gone >= GAP_MIN:
        return Slip("missing", max(lost, gone), script_text, start_s, end_s)
    if not written or more or come >= GAP_MIN:
        twice = _repeats(heard, before, after)
        return Slip("repeated" if twice else "added", max(-lost, come), heard_text, start_s, end_s)
    if _alike(written, got) < LIKENESS:
        return Slip("wrong", max(_weight(written), _weight(got)), f"{script_text}: {heard_text}", start_s, end_s)
    return None


def _gaps(written: str, got: str) -> tuple[int, int]:
    """The most letters in a row that were left out, and that were put in."""
    ops = Levenshtein.opcodes(written, got)
    gone = max((_weight(written[op.src_start : op.src_end]) for op in ops if op.tag == "delete"), default=0)
    come = max((_weight(got[op.dest_start : op.dest_end]) for op in ops if op.tag == "insert"), default=0)
    return gone, come


def _failing(slip: Slip) -> Slip:
    return Slip(slip.kind, max(slip.letters, WRONG_MAX + 1), slip.said, slip.start_s, slip.end_s)


def _span(heard: Sequence[Token], before: Sequence[Pair], after: Sequence[Pair], time: LineTime) -> tuple[float, float]:
    """When it was heard, or the time between its neighbours."""
    if heard:
        return min(token.start_s for token in heard), max(token.end_s for token in heard)
    last = [token.end_s for pair in before for token in pair.heard]
    following = [token.start_s for pair in after for token in pair.heard]
    start_s = last[-1] if last else time.start_s
    return start_s, max(start_s, following[0] if following else time.end_s)


def _repeats(heard: Sequence[Token], before: Sequence[Pair], after: Sequence[Pair]) -> bool:
    """It is what was said right before, or is said right after."""
    text = _letters(token.text for token in heard)
    past = _letters(token.text for pair in before for token in pair.heard)
    future = _letters(token.text for pair in after for token in pair.heard)
    around = [neighbour for neighbour in (past[-len(text) :], future[: len(text)]) if neighbour]
    return any(_alike(text, neighbour) >= SWAP_LIKENESS for neighbour in around)


def _alike(one: str, other: str) -> float:
    return Levenshtein.normalized_similarity(one, other) if one or other else 1.0


def _letters(texts: Iterable[str]) -> str:
    """What is compared: letters only, figures as they are said."""
    return "".join(re.sub(r"\W", "", re.sub(r"\d+", _in_words, text)) for text in texts)


def _in_words(figures: re.Match[str]) -> str:
    if len(figures[0]) > _DIGITS_MAX or not figures[0].isascii():
        return figures[0]
    return str(num2words(int(figures[0])))


def _weight(text: str) -> int:
    return sum(2 if "\u3400" <= char <= "\u9fff" else 1 for char in text)
