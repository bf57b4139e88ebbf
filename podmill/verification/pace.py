"""How long a line should take, by the pace of the voice that says it, and how soon the next one should follow."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from models.recording import LineTime
from podmill.text.amounts import DENSE, is_dense

SLOW_MAX: Final = 1.5
FAST_MIN: Final = 0.67
"""Times the expected duration. Sound lines of twelve letters and more lie between 0.78 and 1.34; a line that is spoken
again may be slower by 1.2 on purpose."""

LETTERS_MIN: Final = 12
"""Shorter answers are said in any time: from 0.75 to 1.7 times the expected."""

LINES_MIN: Final = 5
"""Of a voice, or of all together, before there is a pace to speak of."""

PAUSE_LETTERS: Final = 6.6
EDGE_LETTERS: Final = 2.9
"""What a pause and the ends of a line take, in letters: fitted to the golden set, where a letter takes 54 ms."""

GAP_MAX_S: Final = 3.0
"""Silence after a line. Before a new chapter a second is planned; engines that say several lines at once leave less."""

_PAUSE: Final = re.compile(r"[,.?!;:\u2026\u2013\u2014](?=\s)|[\u3001\u3002\uff0c\uff01\uff1f\uff1b\uff1a](?=.*\w)")
"""Marks within a line: after the last one nothing follows that a pause would part."""


def ratios(times: Sequence[LineTime], texts: Mapping[int, str]) -> dict[int, float]:
    """Of every line that is long enough: its duration over the one expected at its voice's usual pace.

    The pace is the median of the voice's own lines, so that neither a slow voice nor a dense language is a fault. A
    voice with too few lines is measured by all of them; a recording with too few has no paces.

    Args:
        texts: what is said, by line index.
    """
    long_enough = [time for time in times if _letters(texts.get(time.index, "")) >= LETTERS_MIN]
    if len(long_enough) < LINES_MIN:
        return {}
    found = {time.index: (time.end_s - time.start_s) / _weight(texts[time.index]) for time in long_enough}
    by_voice: dict[str, list[float]] = {}
    for time in long_enough:
        by_voice.setdefault(time.voice, []).append(found[time.index])
    usual = median(found.values())
    paces = {voice: median(own) if len(own) >= LINES_MIN else usual for voice, own in by_voice.items()}
    return {time.index: found[time.index] / paces[time.voice] for time in long_enough if paces[time.voice] > 0}


def gaps_s(times: Iterable[LineTime]) -> dict[int, float]:
    """Seconds from the end of each line, but for the last, to the beginning of the next."""
    ordered = sorted(times, key=lambda time: time.start_s)
    return {before.index: after.start_s - before.end_s for before, after in pairwise(ordered)}


def _letters(text: str) -> float:
    return sum(DENSE if is_dense(char) else 1 for char in text if char.isalnum())


def _weight(text: str) -> float:
    return _letters(text) + PAUSE_LETTERS * len(_PAUSE.findall(text)) + EDGE_LETTERS
