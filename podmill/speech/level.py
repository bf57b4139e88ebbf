"""How loud speech is, and what makes the speakers of a recording equally loud."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from podmill.speech.engine import Samples

if TYPE_CHECKING:
    from pyloudnorm import Meter

RATE_HZ: Final = 44100
"""Of every take and recording."""

LOUDNESS_LUFS: Final = -23.0
"""EBU R128. Raw speech peaks 18 to 22 dB above its loudness: any louder and the peaks of some lines would forbid the
level that the others get. The master brings the whole to its target."""
LOUDNESS_MIN_LUFS: Final = -35.0
"""To which all speech of a recording goes down with the one whose peaks stand highest above its loudness; what would
need more stays quieter than the others."""
PEAK_MAX: Final = 10 ** (-1 / 20)
GAIN_MAX_DB: Final = 15.0
"""More than this is not a speaker who is further away but one who is not heard: verification will say so."""
GATE_S: Final = 0.4
"""The meter measures in blocks of this length; what is shorter is levelled by its mean square."""
METERED: Final = 20 * RATE_HZ
"""How much is measured at a time. What is longer has the mean of its parts."""


@dataclass(frozen=True, slots=True)
class Level:
    """Of some speech."""

    loudness_lufs: float
    """Minus infinity for silence."""
    peak: float
    """Amplitude; full scale is 1."""

    @classmethod
    def measure(cls, pieces: Iterable[Samples]) -> "Level":
        """Of all pieces as if they were one sound; memory is that of the longest, and of half a minute."""
        peak, energies = 0.0, []
        for samples in _windows(pieces):
            peak = max(peak, float(np.abs(samples).max()))
            if samples.any():
                energies.append(10 ** (loudness_lufs(samples) / 10))
        # Windows that are far below the others hold pauses: they do not count, as in EBU R128.
        heard = [energy for energy in energies if energy > max(energies) / 100]
        return cls(10 * math.log10(sum(heard) / len(heard)) if heard else -math.inf, peak)


Voice = tuple[str, str]
"""What is levelled as one: all that one speaker says in one take. Key of the take, and the speaker."""


def meeting_gains(levels: Mapping[Voice, Level]) -> Mapping[Voice, float]:
    """The gain, as a factor, that makes each voice as loud as the others; none of their peaks is clipped.

    All are brought to ``LOUDNESS_LUFS``, or lower where the peaks of one ask for it; silence is left as it is.
    """
    heard = {key: level for key, level in levels.items() if math.isfinite(level.loudness_lufs)}
    highest_db = [level.loudness_lufs + 20 * math.log10(PEAK_MAX / level.peak) for level in heard.values()]
    common_lufs = max(min((LOUDNESS_LUFS, *highest_db)), LOUDNESS_MIN_LUFS)
    gains: dict[Voice, float] = defaultdict(lambda: 1.0)
    for key, level in heard.items():
        gain_db = min(max(common_lufs - level.loudness_lufs, -GAIN_MAX_DB), GAIN_MAX_DB)
        gains[key] = min(10 ** (gain_db / 20), PEAK_MAX / level.peak)
    return gains


def loudness_lufs(samples: Samples) -> float:
    """Integrated loudness of mono audio at 44.1 kHz; short audio by its mean square, which leaves out the weighting."""
    if len(samples) > math.ceil(GATE_S * RATE_HZ):
        measured = float(_meter().integrated_loudness(samples.astype(np.float64)))
        if math.isfinite(measured):
            return measured
    return -0.691 + 10 * math.log10(float(np.mean(np.square(samples, dtype=np.float64))))


def _windows(pieces: Iterable[Samples]) -> Iterator[Samples]:
    """The same sound in pieces of ``METERED``; the last is shorter, or up to half as long again."""
    kept: list[Samples] = []
    for piece in pieces:
        kept.append(piece)
        while sum(map(len, kept)) >= 3 * METERED // 2:
            joined = np.concatenate(kept)
            yield joined[:METERED]
            kept = [joined[METERED:]]
    if any(map(len, kept)):
        yield np.concatenate(kept)


@cache
def _meter() -> "Meter":
    from pyloudnorm import Meter

    return Meter(RATE_HZ)
