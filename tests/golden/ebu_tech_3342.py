"""The cases of EBU Tech 3342 (table 1) that a meter of loudness range must read, with their tolerance.

Stereo tones of 1 kHz in phase, each level for 20 s. Not here are cases 5 and 6, which are recordings
that are not free to be shipped.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.golden.sounds import Sound, sine

TOLERANCE_LU = 1.0
PART_S = 20.0


def _levels(*levels_dbfs: float) -> Sound:
    return np.concatenate([sine(level_dbfs, PART_S) for level_dbfs in levels_dbfs])


RANGES: dict[str, tuple[Callable[[], Sound], float]] = {
    "1: ten decibels apart": (partial(_levels, -20, -30), 10.0),
    "2: five, the louder last": (partial(_levels, -20, -15), 5.0),
    "3: twenty": (partial(_levels, -40, -20), 20.0),
    "4: down and up; the outermost fall under the gate": (partial(_levels, -50, -35, -20, -35, -50), 15.0),
}
