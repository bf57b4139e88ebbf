"""Drift: whether a score moves over the episodes of a show, told from the way it always varies.

The method is an EWMA chart (S. W. Roberts, 1959) of sequential normal scores (W. J. Conover, V. G. Tercero-Gómez, A. E.
Cordero-Franco, "The sequential normal scores transformation", Sequential Analysis 36/3, 2017). Each value counts by its
rank among those before it, so the chart needs no figures of a good past and no assumption about how scores are spread:
its rate of false alarms is the same for all of them. ``benchmarks/drift.py`` measures that rate.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

WEIGHT: Final = 0.1
"""Of the newest value in the average: small shifts are found, at some patience."""
LIMIT: Final = 3.05
"""Standard deviations of the average from its middle that are an alarm; with the weight it sets the false alarms."""
EPISODES_MIN: Final = 8
"""Before this many nothing can be told of how a score varies."""

_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Drift:
    """A change that the chart found."""

    since: int
    """Where it is likely to have begun, as a place among the values."""
    found: int
    """Where the alarm was."""
    direction: Literal["up", "down"]


def drifts(values: Sequence[float]) -> list[Drift]:
    """Every change in some values, oldest first. After an alarm the chart begins anew, where the change began."""
    found: list[Drift] = []
    start = 0
    while (alarm := first_alarm(values[start:])) is not None:
        at, direction = alarm
        since = start + _began(values[start : start + at + 1])
        found.append(Drift(since, start + at, direction))
        start = since
    return found


def chart(values: Sequence[float]) -> Iterator[tuple[float, float]]:
    """The average after each value, and how far from 0 it would be an alarm."""
    before: list[float] = []
    average, left = 0.0, 1.0
    for count, value in enumerate(values, start=1):
        lower, upper = bisect_left(before, value), bisect_right(before, value)
        rank = (lower + upper + 1) / 2 + 0.5
        insort(before, value)
        average += WEIGHT * (_NORMAL.inv_cdf((rank - 0.5) / count) - average)
        left *= (1 - WEIGHT) ** 2
        yield average, LIMIT * (WEIGHT / (2 - WEIGHT) * (1 - left)) ** 0.5


def first_alarm(values: Sequence[float]) -> tuple[int, Literal["up", "down"]] | None:
    """The place of the first value after which the average is too far from 0, and where it is."""
    for at, (average, alarm) in enumerate(chart(values)):
        if at + 1 >= EPISODES_MIN and abs(average) > alarm:
            return at, "up" if average > 0 else "down"
    return None


def _began(values: Sequence[float]) -> int:
    """The place that divides some values best into two levels, by their ranks (A. N. Pettitt, 1979): over 0."""
    ordered, count = sorted(values), len(values)
    best, place, total = -1.0, 1, 0.0
    for at, value in enumerate(values[:-1], start=1):
        total += bisect_left(ordered, value) + bisect_right(ordered, value) - count
        apart = abs(total) / (at * (count - at)) ** 0.5
        if apart > best:
            best, place = apart, at
    return place
