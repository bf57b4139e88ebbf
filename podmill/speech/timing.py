"""When each line of a request is heard, from what a provider says of its characters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True)
class Alignment:
    """When each character of a text is heard, in seconds, as a provider says it: nothing in it is checked yet."""

    characters: Sequence[object]
    starts_s: Sequence[object]
    ends_s: Sequence[object]


def line_times(
    lines: Sequence[str], duration_s: float, alignment: Alignment | None = None
) -> tuple[tuple[float, float], ...]:
    """Start and end of every line of a text whose lines are joined by line ends, in seconds.

    Without an alignment, or with one that is not of this text, the time is shared out by characters.
    """
    bounds = [0, *accumulate(len(line) + 1 for line in lines)]
    times = _checked(alignment, "\n".join(lines), duration_s) if alignment else None
    if times is None:
        whole = max(bounds[-1] - 1, 1)
        return tuple((duration_s * start / whole, duration_s * (end - 1) / whole) for start, end in pairwise(bounds))
    return tuple((times[start][0], times[max(end - 2, start)][1]) for start, end in pairwise(bounds))


def _checked(alignment: Alignment, text: str, duration_s: float) -> list[tuple[float, float]] | None:
    """Times of every character within the sound; None where they are not of this text or run backwards."""
    if list(alignment.characters) != list(text):
        return None
    if not len(alignment.starts_s) == len(alignment.ends_s) == len(text):
        return None
    times: list[tuple[float, float]] = []
    last_s = 0.0
    for start, end in zip(alignment.starts_s, alignment.ends_s, strict=True):
        if not (isinstance(start, int | float) and isinstance(end, int | float) and math.isfinite(start + end)):
            return None
        if not last_s <= start <= end:
            return None
        last_s = start
        times.append((min(start, duration_s), min(end, duration_s)))
    return times
