"""When each line of a request is heard, found in the sound itself: for engines that do not say.

A line ends in a pause, its text says where further ones are likely, and every voice has a pace. Of all ways to lay
the clauses of a text between the pauses of its sound the cheapest is taken: clauses cost by how far they are from the
length they should have, pauses by how unlikely they are where they fall.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from podmill.speech.engine import RequestLine, Samples
from podmill.text import sentences
from podmill.text.amounts import DENSE, is_dense

FRAME_S: Final = 0.01
BELOW_DB: Final = 30.0
"""A pause is this far below speech; where the room is louder than that, it is at most ``ROOM_DB`` above the room."""
ROOM_DB: Final = 6.0
HEARD_DB: Final = 12.0
"""Nothing less than this far below speech is a pause."""
PAUSE_MIN_S: Final = 0.04
EDGE_S: Final = 0.05
"""Of a pause that stays with the line on either side: breaths and soft consonants lie there."""

# What is unlikely costs about half the square of its standard deviations.
SPREAD: Final = 0.12
SPREAD_S: Final = 0.15
"""Standard deviation of the length of a clause: a share of what its text takes, and seconds."""
USUAL_S: Final = 0.25
SHORT: Final = 0.5
"""Where a sentence ends a pause of the usual length is free; one half as long costs this, a quarter twice this."""
UNTOLD_S: Final = 0.08
UNTOLD: Final = 12.0
UNTOLD_MAX: Final = 5.0
"""Where no mark is, a longer pause costs so much for each second above that, and at most."""
NO_COMMA: Final = 0.3
NO_STOP: Final = 2.5
"""A comma or the end of a sentence without a pause. At the end of a line there is one."""
CLAUSES_MAX: Final = 10
"""Said without a pause."""
REACH_S: Final = 15.0
REACH: Final = 0.05
"""A clause ends this near to where it would if all kept their pace: seconds, and a share of the whole."""
PASSES: Final = 3
"""The pace of each voice is measured on the lines that were found, and they are found again."""

WORD: Final = 0.6
"""Letters that the beginning of a word takes as long as."""
COMMA: Final = re.compile(r"[,;:\u060c\u061b](?=\s)|\s[\u2013\u2014-](?=\s)|[\u2014\u3001\uff0c\uff1b\uff1a]")
"""Where a voice may pause within a sentence."""

Times = tuple[tuple[float, float], ...]
Numbers = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Clause:
    """Words that may be said in one go."""

    line: int
    weight: float
    silent: float | None
    """What it costs when no pause follows. None: its line ends, and one does."""


@dataclass(frozen=True, slots=True)
class _Pauses:
    """Pauses between the first sound and the last, in order."""

    starts_s: Numbers
    ends_s: Numbers
    spoken_s: Numbers
    """Speech, without pauses, before each."""
    whole_s: float
    """Speech in all."""


@dataclass(frozen=True, slots=True)
class _Ends:
    """The pauses that may follow a clause, and the cheapest way to each."""

    pauses: Places
    spoken_s: Numbers
    cost: Numbers
    untold: Numbers
    """Of all pauses up to and with each, if they were untold."""
    first: Places
    """The clause with which the words before the pause begin."""
    before: Places
    """The place, among the ends before that clause, where the way comes from."""


def line_times(lines: Sequence[RequestLine], blocks: Iterable[Samples], rate_hz: int) -> Times:
    """Start and end of every line of a request, in seconds; where too few pauses are heard, by the length of its text.

    Memory: 100 numbers for a second of sound.

    Args:
        blocks: mono sound, of any lengths.
    """
    size = round(rate_hz * FRAME_S)
    frame_s = size / rate_hz
    levels_db = _levels(blocks, size)
    duration_s = len(levels_db) * frame_s
    clauses = [clause for number, line in enumerate(lines) for clause in _clauses(number, line.text)]
    weights = np.bincount([clause.line for clause in clauses], [clause.weight for clause in clauses])
    voices = np.array([line.voice for line in lines])
    pauses = _pauses(levels_db, frame_s)
    pace = np.full(len(lines), pauses.whole_s / weights.sum())
    chosen: Places | None = None
    for _ in range(PASSES):
        found = _cheapest(clauses, pace, pauses)
        if found is None or (chosen is not None and np.array_equal(found, chosen)):
            break
        chosen = found
        said_s = np.diff(np.concatenate([[0.0], pauses.spoken_s[chosen], [pauses.whole_s]]))
        for voice in np.unique(voices):
            own = voices == voice
            pace[own] = said_s[own].sum() / weights[own].sum()
    if chosen is None:
        edges = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum() * duration_s
        return tuple((float(start), float(end)) for start, end in pairwise(edges))
    starts, ends = pauses.starts_s[chosen], pauses.ends_s[chosen]
    edge = np.minimum(EDGE_S, (ends - starts) / 2)
    times = zip([0.0, *(ends - edge)], [*(starts + edge), duration_s], strict=True)
    return tuple((float(start), float(end)) for start, end in times)


def weight(text: str) -> float:
    """How long a text takes to say, in letters."""
    found, last = 0.0, ""
    for each in text:
        if each.isalnum():
            dense = is_dense(each)
            found += DENSE if dense else 1.0 if last.isalnum() else 1.0 + WORD
        last = each
    return found


def _clauses(line: int, text: str) -> Iterator[_Clause]:
    found: list[_Clause] = []
    for start, end in sentences.split(text):
        at = start
        for mark in COMMA.finditer(text, start, end):
            found.append(_Clause(line, weight(text[at : mark.end()]), NO_COMMA))
            at = mark.end()
        found.append(_Clause(line, weight(text[at:end]), NO_STOP))
    worded = [clause for clause in found if clause.weight]
    yield from worded[:-1]
    yield _Clause(line, worded[-1].weight if worded else 1.0, None)


def _levels(blocks: Iterable[Samples], size: int) -> Numbers:
    """Level of every frame of so many samples, in decibels of full scale."""
    rest = np.zeros(0, dtype=np.float32)
    powers = [np.zeros(0)]
    for block in blocks:
        samples = np.concatenate([rest, block])
        whole = len(samples) // size * size
        powers.append(np.square(samples[:whole], dtype=np.float64).reshape(-1, size).mean(axis=1))
        rest = samples[whole:]
    return np.asarray(10 * np.log10(np.concatenate(powers) + 1e-12))


def _pauses(levels_db: Numbers, frame_s: float) -> _Pauses:
    speech_db, room_db = np.percentile(levels_db, (80, 5)) if len(levels_db) else (0.0, 0.0)
    limit_db = min(max(speech_db - BELOW_DB, room_db + ROOM_DB), speech_db - HEARD_DB)
    sounding = levels_db >= limit_db
    spoken = np.concatenate([[0], np.cumsum(sounding)])
    edges = np.flatnonzero(np.diff(np.concatenate([[True], sounding, [True]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    kept = (ends - starts >= PAUSE_MIN_S / frame_s) & (spoken[starts] > 0) & (spoken[starts] < spoken[-1])
    starts, ends = starts[kept], ends[kept]
    return _Pauses(starts * frame_s, ends * frame_s, spoken[starts] * frame_s, float(spoken[-1]) * frame_s)


def _cheapest(clauses: Sequence[_Clause], pace: Numbers, pauses: _Pauses) -> Places | None:
    """The pause that each line but the last ends in; None where there are too few."""
    lengths_s = pauses.ends_s - pauses.starts_s
    untold = np.cumsum(np.clip(UNTOLD * (lengths_s - UNTOLD_S), 0.0, UNTOLD_MAX))
    short = np.maximum(0.0, -SHORT * np.log2(lengths_s / USUAL_S))
    expected_s = np.array([clause.weight * pace[clause.line] for clause in clauses])
    due_s = np.cumsum(expected_s)
    reach_s = REACH_S + REACH * pauses.whole_s
    nothing, zero = np.zeros(1), np.zeros(1, dtype=np.intp)
    ways = [_Ends(zero, nothing, nothing, nothing, zero, zero)]
    for last, clause in enumerate(clauses[:-1]):
        near = np.flatnonzero(np.abs(pauses.spoken_s - due_s[last]) <= reach_s)
        own = np.zeros(len(near)) if clause.silent == NO_COMMA else short[near]
        here = near, pauses.spoken_s[near], untold[near]
        # A pause that a mark foretells is not untold.
        before = np.concatenate([[0.0], untold])[near]
        ways.append(_reached(here, before, own, clauses[: last + 1], expected_s, ways))
    after = untold[-1:] if len(untold) else nothing
    end = zero + len(lengths_s), np.array([pauses.whole_s]), after
    ways.append(_reached(end, after, nothing, clauses, expected_s, ways))
    if not np.isfinite(ways[-1].cost[0]):
        return None
    chosen: list[int] = []
    at, place = len(clauses), 0
    while at:
        if clauses[at - 1].silent is None:
            chosen.append(int(ways[at].pauses[place]))
        at, place = int(ways[at].first[place]), int(ways[at].before[place])
    return np.array(chosen[:0:-1], dtype=np.intp)


def _reached(
    here: tuple[Places, Numbers, Numbers],
    before: Numbers,
    own: Numbers,
    clauses: Sequence[_Clause],
    expected_s: Numbers,
    ways: Sequence[_Ends],
) -> _Ends:
    """The cheapest way to each pause that may follow the last of some clauses.

    Args:
        here: the pauses, the speech before each, and what all up to each cost if they were untold.
        before: that without the pause itself.
        own: what the pause itself costs.
        ways: the ends before each clause.
    """
    near, spoken_s, untold = here
    cost = np.full(len(near), np.inf)
    best_first, best_place = (np.zeros(len(near), dtype=np.intp) for _ in range(2))
    silent = length_s = 0.0
    last = len(clauses) - 1
    for first in range(last, max(-1, last - CLAUSES_MAX), -1):
        if first < last:
            skipped = clauses[first].silent
            if skipped is None:
                break
            silent += skipped
        length_s += float(expected_s[first])
        way = ways[first]
        if not len(way.cost) or not len(near):
            continue
        said_s = spoken_s[:, None] - way.spoken_s[None, :]
        off = (said_s - length_s) / (SPREAD * length_s + SPREAD_S)
        total = way.cost[None, :] + off**2 / 2 + before[:, None] - way.untold[None, :] + silent
        total[said_s <= 0] = np.inf
        place = np.argmin(total, axis=1)
        value = total[np.arange(len(near)), place]
        better = value < cost
        cost[better], best_first[better], best_place[better] = value[better], first, place[better]
    return _Ends(near, spoken_s, cost + own, untold, best_first, best_place)
