"""What is wrong with the words of a line: which of the differences to what was heard a listener would notice.

Transcribers write down something else than was said, mostly names and little words, but something that sounds like it:
as many letters, half of them the same. A voice that leaves out a phrase, says it twice or says another one changes the
number of letters, or nearly all of them. The limits lie between the two kinds of lines of ``tests/golden/hearing.py``.
What turns the sense of a line is a doubt however alike it sounds, and a fault when it is heard again.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from num2words import num2words
from rapidfuzz.distance import Levenshtein

from models.recording import LineTime
from models.verdict import Fault, FaultKind
from podmill.verification.align import Pair, Token
from podmill.verification.metrics import LineScore
from podmill.verification.numerals import READ
from podmill.verification.sense import touched, turned

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

_TIME: Final = re.compile(r"\b(\d\d?)\.(\d\d)\b")
_DIGITS_MAX: Final = 15


@dataclass(frozen=True, slots=True)
class Slip:
    """A difference between a line and what was heard of it."""

    kind: FaultKind
    letters: int
    """How much of it there is; a Chinese character or a Korean syllable counts as two."""
    said: str
    start_s: float
    end_s: float
    turned: str = ""
    """From what to what it turns the sense of the line for certain, when it is heard again; empty when it does not."""

    @property
    def fails(self) -> bool:
        return self.letters > (WRONG_MAX if self.kind == "wrong" else LETTERS_MAX)

    @property
    def doubtful(self) -> bool:
        return self.letters > WRONG_MAX // 2 if self.kind == "wrong" else self.letters >= LETTERS_MAX

    def failing(self) -> "Slip":
        """The same, worse."""
        return replace(self, letters=max(self.letters, WRONG_MAX + 1))

    def fault(self) -> Fault:
        return Fault(kind=self.kind, said=self.said, start_s=self.start_s, end_s=self.end_s)


def slips(line: LineScore, time: LineTime, language: str) -> list[Slip]:
    """Differences that mishearing does not explain, in the order of the line.

    A line of which nothing was heard, or nothing that is like it, fails however short it is.

    Args:
        language: two or three letters.
    """
    runs = [(equal, tuple(run)) for equal, run in groupby(line.pairs, key=lambda pair: pair.equal)]
    found = []
    for place, (equal, run) in enumerate(runs):
        if equal:
            continue
        before = runs[place - 1][1] if place else ()
        after = runs[place + 1][1] if place + 1 < len(runs) else ()
        slip = _slip(run, before, after, time, language)
        if slip and len(runs) == 1:
            slip = slip.failing()
        script, got = _texts(run)
        if slip and slip.fails and language not in READ and _in_figures(script, got):
            slip = _doubt(run, before, after, time)
        if touched(script, got, language):
            slip = slip if slip and slip.fails else _doubt(run, before, after, time)
            slip = replace(slip, turned=turned(script, got, language))
        if slip and slip.doubtful:
            found.append(slip)
    return found


def worth(found: Sequence[Slip]) -> int:
    """How bad slips are together."""
    return sum(slip.letters for slip in found)


def swapped(lines: Sequence[LineScore], failing: Collection[int], language: str) -> dict[int, int]:
    """Of lines that fail, those in whose place another line is heard, and which; its repetition in its own is none."""
    heard = {line.index: _letters(line.heard, language) for line in lines}
    said = {line.index: _letters(line.words, language) for line in lines}
    order = [line.index for line in lines]
    found = {}
    for place, index in enumerate(order):
        if index not in failing or len(heard[index]) < SWAP_LETTERS:
            continue
        near = order[max(0, place - SWAP_REACH) : place + SWAP_REACH + 1]
        likest = max(near, key=lambda other: (_alike(said[other], heard[index]), other == index))
        if likest != index and _alike(said[likest], heard[index]) >= SWAP_LIKENESS:
            found[index] = likest
    return found


def _slip(
    run: Sequence[Pair], before: Sequence[Pair], after: Sequence[Pair], time: LineTime, language: str
) -> Slip | None:
    script = [token.text for pair in run for token in pair.script]
    heard = [token for pair in run for token in pair.heard]
    written, got = _letters(script, language), _letters((token.text for token in heard), language)
    lost = _weight(written) - _weight(got)
    less = lost if lost > LETTERS_MAX and lost >= SHARE_MIN * _weight(written) else 0
    more = -lost if -lost > LETTERS_MAX and -lost >= SHARE_MIN * _weight(got) else 0
    gone, come = _gaps(written, got)
    start_s, end_s = _span(heard, before, after, time)
    script_text, heard_text = " ".join(script), " ".join(token.text for token in heard)
    if not got or less or gone >= GAP_MIN:
        return Slip("missing", max(lost, gone), script_text, start_s, end_s)
    if not written or more or come >= GAP_MIN:
        twice = _repeats(heard, before, after, language)
        return Slip("repeated" if twice else "added", max(-lost, come), heard_text, start_s, end_s)
    if _alike(written, got) < LIKENESS:
        return Slip("wrong", max(_weight(written), _weight(got)), f"{script_text}: {heard_text}", start_s, end_s)
    return None


def _doubt(run: Sequence[Pair], before: Sequence[Pair], after: Sequence[Pair], time: LineTime) -> Slip:
    """Of a difference that is small, or sounds alike, as much as does not fail."""
    script, got = (" ".join(texts) for texts in _texts(run))
    start_s, end_s = _span([token for pair in run for token in pair.heard], before, after, time)
    if script and got:
        return Slip("wrong", WRONG_MAX, f"{script}: {got}", start_s, end_s)
    return Slip("missing" if script else "added", LETTERS_MAX, script or got, start_s, end_s)


def _texts(run: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """What was to be said, and what was heard."""
    return [token.text for pair in run for token in pair.script], [token.text for pair in run for token in pair.heard]


def _in_figures(script: Sequence[str], got: Sequence[str]) -> bool:
    """A number that one side has in figures and the other may have in words."""
    figured = [any(char.isdigit() for text in texts for char in text) for texts in (script, got)]
    return bool(script and got) and figured[0] != figured[1]


def _gaps(written: str, got: str) -> tuple[int, int]:
    """The most letters in a row that were left out, and that were put in."""
    ops = Levenshtein.opcodes(written, got)
    gone = max((_weight(written[op.src_start : op.src_end]) for op in ops if op.tag == "delete"), default=0)
    come = max((_weight(got[op.dest_start : op.dest_end]) for op in ops if op.tag == "insert"), default=0)
    return gone, come


def _span(heard: Sequence[Token], before: Sequence[Pair], after: Sequence[Pair], time: LineTime) -> tuple[float, float]:
    """When it was heard, or the time between its neighbours."""
    if heard:
        return min(token.start_s for token in heard), max(token.end_s for token in heard)
    last = [token.end_s for pair in before for token in pair.heard]
    following = [token.start_s for pair in after for token in pair.heard]
    start_s = last[-1] if last else time.start_s
    return start_s, max(start_s, following[0] if following else time.end_s)


def _repeats(heard: Sequence[Token], before: Sequence[Pair], after: Sequence[Pair], language: str) -> bool:
    """It is what was said right before, or is said right after."""
    text = _letters((token.text for token in heard), language)
    past = _letters((token.text for pair in before for token in pair.heard), language)
    future = _letters((token.text for pair in after for token in pair.heard), language)
    around = [neighbour for neighbour in (past[-len(text) :], future[: len(text)]) if neighbour]
    return any(_alike(text, neighbour) >= SWAP_LIKENESS for neighbour in around)


def _alike(one: str, other: str) -> float:
    return Levenshtein.normalized_similarity(one, other) if one or other else 1.0


def _letters(texts: Iterable[str], language: str) -> str:
    """What is compared: letters only, English figures as they are said, with ``8.40`` as ``840``; in other languages
    figures are words already."""
    if language == "en":
        texts = (re.sub(r"\d+", _in_words, _TIME.sub(r"\1\2", text)) for text in texts)
    return "".join(re.sub(r"\W", "", text) for text in texts)


def _in_words(figures: re.Match[str]) -> str:
    if len(figures[0]) > _DIGITS_MAX or not figures[0].isascii():
        return figures[0]
    return str(num2words(int(figures[0])))


def _weight(text: str) -> int:
    """A syllable of kana counts as one: it is half of what a Chinese character stands for."""
    return sum(2 if "\u3400" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" else 1 for char in text)
