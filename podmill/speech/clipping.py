"""Sound that was cut off at the top, as its engine gave it: what is done to it afterwards hides that."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from podmill.speech.engine import Samples

FULL_SCALE: Final = 0.999
LOUD: Final = 0.5
"""Lower down, samples that are equal are silence, or the crest of a deep voice."""
FLAT_SAMPLES: Final = 4
"""In a row at full scale, or loud and equal to the bit: cut off. At 44.1 kHz a wave of 100 Hz and half of full scale
falls by 3 steps of 16 bits within as many."""


def clipped_s(blocks: Iterable[Samples], rate_hz: int) -> NDArray[np.float64]:
    """When each flat top begins, in seconds. The sound passes in blocks, however long it is."""
    found, counted = [np.zeros(0, np.int64)], -1
    tail, at = np.zeros(0, np.float32), 0
    for block in blocks:
        level = np.clip(np.concatenate([tail, block]), -FULL_SCALE, FULL_SCALE)
        flat = (level[1:] == level[:-1]) & (np.abs(level[1:]) >= LOUD)
        edges = np.flatnonzero(np.diff(flat, prepend=False, append=False)).reshape(-1, 2) + at
        long = edges[edges[:, 1] - edges[:, 0] >= FLAT_SAMPLES - 1]
        # What reaches over the border of two blocks is in both.
        found.append(long[long[:, 0] > counted, 0])
        counted = int(long[-1, 1]) if len(long) else counted
        tail = level[1 - FLAT_SAMPLES :]
        at += len(level) - len(tail)
    return np.concatenate(found) / rate_hz
