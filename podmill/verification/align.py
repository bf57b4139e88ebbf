"""Laying what was heard against what was to be said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein

JOIN_MAX: Final = 6
"""Words that may count as one: ``light house``, ``A P I``, ``3 30`` for ``330``."""

_CELLS_MAX: Final = 400_000
"""Largest table of the exact alignment; it is some 600 by 600 words, four minutes of one speaker."""

_ANCHOR_WORDS: Final = 4
"""Equal words in a row at which longer texts are cut."""


@dataclass(frozen=True, slots=True)
class Token:
    """A comparable word and the line it belongs to; for a heard word, the line being spoken at that time."""

    text: str
    line: int
    name: str = ""
    """Of a name in the script: how it is written."""
    start_s: float = 0.0
    end_s: float = 0.0
    """When it was heard, in seconds of the recording; script words have no time."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Script words against heard words. Unequal pairs hold at most one of each and count as one error."""

    script: tuple[Token, ...]
    heard: tuple[Token, ...]
    equal: bool


def align(script: Sequence[Token], heard: Sequence[Token]) -> list[Pair]:
    """The alignment with the fewest errors; among those, the one that crosses the fewest borders of lines.

    Words written apart or together are equal. Errors are never more than the Levenshtein distance by word. Texts of
    any length: what exceeds the table is cut where both agree.
    """
    if (len(script) + 1) * (len(heard) + 1) <= _CELLS_MAX:
        return _exact(script, heard)
    opcodes = Levenshtein.opcodes([token.text for token in script], [token.text for token in heard])
    pairs: list[Pair] = []
    script_from = heard_from = 0
    for op in opcodes:
        if op.tag == "equal" and op.src_end - op.src_start >= _ANCHOR_WORDS:
            pairs += _piece(script[script_from : op.src_start], heard[heard_from : op.dest_start])
            pairs += _diagonal(script[op.src_start : op.src_end], heard[op.dest_start : op.dest_end])
            script_from, heard_from = op.src_end, op.dest_end
    return pairs + _piece(script[script_from:], heard[heard_from:])


def _piece(script: Sequence[Token], heard: Sequence[Token]) -> list[Pair]:
    if (len(script) + 1) * (len(heard) + 1) <= _CELLS_MAX:
        return _exact(script, heard)
    pairs: list[Pair] = []
    for op in Levenshtein.opcodes([token.text for token in script], [token.text for token in heard]):
        pairs += _diagonal(script[op.src_start : op.src_end], heard[op.dest_start : op.dest_end])
    return pairs


def _diagonal(script: Sequence[Token], heard: Sequence[Token]) -> Iterator[Pair]:
    for place in range(max(len(script), len(heard))):
        left, right = tuple(script[place : place + 1]), tuple(heard[place : place + 1])
        yield Pair(left, right, bool(left and right and left[0].text == right[0].text))


def _exact(script: Sequence[Token], heard: Sequence[Token]) -> list[Pair]:
    rows, columns = len(script) + 1, len(heard) + 1
    error = rows + columns
    """Weight of one error: more than all crossings together."""
    joins = _joins(script, heard)
    cost = [[error * column for column in range(columns)]]
    step = [[(0, 1)] * columns]
    for row in range(1, rows):
        above, here, moves = cost[-1], [error * row], [(1, 0)]
        expected = script[row - 1]
        for column in range(1, columns):
            got = heard[column - 1]
            crossing = expected.line != got.line
            best, move = above[column - 1] + crossing + error * (expected.text != got.text), (1, 1)
            if above[column] + error < best:
                best, move = above[column] + error, (1, 0)
            if here[column - 1] + error < best:
                best, move = here[column - 1] + error, (0, 1)
            for down, right in joins.get((row, column), ()):
                joined = cost[row - down][column - right] + crossing
                if joined < best:
                    best, move = joined, (down, right)
            here.append(best)
            moves.append(move)
        cost.append(here)
        step.append(moves)
    pairs = []
    row, column = rows - 1, columns - 1
    while row or column:
        down, right = step[row][column]
        left_tokens, right_tokens = tuple(script[row - down : row]), tuple(heard[column - right : column])
        same = "".join(token.text for token in left_tokens) == "".join(token.text for token in right_tokens)
        pairs.append(Pair(left_tokens, right_tokens, same))
        row, column = row - down, column - right
    return pairs[::-1]


def _joins(script: Sequence[Token], heard: Sequence[Token]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Runs of words that are equal once written together: lengths by where the two runs end."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for start, length, text in _runs(heard):
        runs.setdefault(text, []).append((start + length, length))
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for start, down, text in _runs(script):
        for end, right in runs.get(text, ()):
            if down != right:
                found.setdefault((start + down, end), []).append((down, right))
    return found


def _runs(tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    for start in range(len(tokens)):
        text = ""
        for length in range(1, min(JOIN_MAX, len(tokens) - start) + 1):
            text += tokens[start + length - 1].text
            yield start, length, text
