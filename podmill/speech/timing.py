"""When each line of a request is heard, from what a provider says of its characters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

ROUNDING_S: Final = 0.001
"""Times that run backwards by no more than this are rounded, not wrong."""


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

    Nothing without an alignment, or with one that is not of this text: then they are found in the sound, by ``pauses``.
    """
    bounds = [0, *accumulate(len(line) + 1 for line in lines)]
    times = _checked(alignment, "\n".join(lines), duration_s) if alignment else None
    if times is None:
        return ()
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
        if not (last_s - ROUNDING_S <= start <= end + ROUNDING_S and end >= 0):
            return None
        last_s = max(start, last_s)
        times.append((min(last_s, duration_s), min(max(end, last_s), duration_s)))
    return times


def of_passages(text: str, passages: Sequence[tuple[str, float, float]]) -> Alignment | None:
    """An alignment from the times of passages, which are the whole text in its order but for white space.

    Args:
        passages: text, start and end in seconds.

    Returns:
        Characters share the time of their passage evenly. None when the passages are not the text.
    """
    places = [place for place, character in enumerate(text) if not character.isspace()]
    times: dict[int, tuple[float, float]] = {}
    for passage, start_s, end_s in passages:
        said = "".join(passage.split())
        covered = places[len(times) : len(times) + len(said)]
        if "".join(text[place] for place in covered) != said:
            return None
        for number, place in enumerate(covered):
            each_s = (end_s - start_s) / len(said)
            times[place] = (start_s + number * each_s, start_s + (number + 1) * each_s)
    if not places or len(times) != len(places):
        return None
    starts, ends = [], []
    last = times[places[0]][0]
    for place in range(len(text)):
        # White space takes no time: it lies at the end of what was before it.
        start_s, last = times.get(place, (last, last))
        starts.append(start_s)
        ends.append(last)
    return Alignment(list(text), starts, ends)
