"""A streaming loudness meter: EBU R 128 integrated loudness and true peak, in memory that does not grow with the sound.

Numbers and method: Recommendation ITU-R BS.1770-4 (K-weighting, Annex 1; gating, Annex 1; true peak, Annex 2) and
EBU Tech 3341. A mono file is one channel of weight 1, as it is for ffmpeg's ``ebur128``.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, sosfilt, upfirdn

Samples = NDArray[np.float32]
"""Sound, one row a frame, one column a channel; full scale is 1."""
Numbers = NDArray[np.float64]

STEPS_A_SECOND = 10
"""Gating blocks of 400 ms start every 100 ms: four steps are one block."""
STEPS_A_BLOCK = 4
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_DB = -0.691
"""Makes a 997 Hz sine at full scale in one channel read -3.01 LUFS."""

OVERSAMPLING = 4
HALF_WIDTH = 6
"""Frames on either side that the true-peak interpolator looks at; also its delay in frames."""
INTERPOLATOR: NDArray[np.float32] = (
    firwin(2 * HALF_WIDTH * OVERSAMPLING + 1, 1 / OVERSAMPLING, window=("kaiser", 6.0)) * OVERSAMPLING
).astype(np.float32)


def decibels(amplitude: float) -> float:
    """Level of an amplitude, full scale being 0 dB; silence is minus infinity."""
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


class KWeighting:
    """The two filters of BS.1770 (a head's shelf, then a high pass) for any sample rate.

    The Recommendation prints coefficients for 48 kHz only; these are the analogue prototypes behind them, taken
    through the bilinear transform, so that 48 kHz gives the printed table.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._sections = np.array([_shelf(sample_rate_hz), _high_pass(sample_rate_hz)])
        self._state = np.zeros((len(self._sections), 2, channels))

    def filter(self, block: Samples) -> Numbers:
        """The next frames, weighted."""
        weighted, self._state = sosfilt(self._sections, block.astype(np.float64), axis=0, zi=self._state)
        return np.asarray(weighted)


def _shelf(sample_rate_hz: int) -> list[float]:
    frequency_hz, gain_db, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * frequency_hz / sample_rate_hz)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    norm = 1 + k / q + k * k
    return [
        (high + band * k / q + k * k) / norm,
        2 * (k * k - high) / norm,
        (high - band * k / q + k * k) / norm,
        1.0,
        2 * (k * k - 1) / norm,
        (1 - k / q + k * k) / norm,
    ]


def _high_pass(sample_rate_hz: int) -> list[float]:
    frequency_hz, q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * frequency_hz / sample_rate_hz)
    norm = 1 + k / q + k * k
    return [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]


class TruePeak:
    """The peaks between the samples, seen at four times the sample rate."""

    def __init__(self, channels: int) -> None:
        self._past = np.zeros((2 * HALF_WIDTH, channels), np.float32)

    def push(self, block: Samples) -> Samples:
        """The highest amplitude at and after each frame, over all channels; those between come ``HALF_WIDTH`` late."""
        joined = np.concatenate([self._past, block])
        self._past = joined[-2 * HALF_WIDTH :]
        return np.asarray(np.maximum(np.abs(block).max(axis=1), _between(joined)))

    def rest(self) -> Samples:
        """What the delay still holds back, as if silence followed; the next ``push`` goes on as if not asked."""
        silence = np.zeros((HALF_WIDTH, self._past.shape[1]), np.float32)
        return _between(np.concatenate([self._past, silence]))


def _between(joined: Samples) -> Samples:
    """Highest amplitude of the four interpolated for each frame but the first ``2 * HALF_WIDTH``, over all channels."""
    first = 2 * HALF_WIDTH * OVERSAMPLING
    fine = upfirdn(INTERPOLATOR, joined, up=OVERSAMPLING, axis=0)[first : len(joined) * OVERSAMPLING]
    return np.asarray(np.abs(fine).max(axis=1).reshape(-1, OVERSAMPLING).max(axis=1))


def integrated_lufs(step_energies: Numbers) -> float:
    """Gated loudness from the mean square of each 100 ms of K-weighted sound, its channels added up.

    Minus infinity when nothing passes the absolute gate, which is so for anything shorter than 400 ms.
    """
    if len(step_energies) < STEPS_A_BLOCK:
        return -math.inf
    blocks = np.convolve(step_energies, np.full(STEPS_A_BLOCK, 1 / STEPS_A_BLOCK), mode="valid")
    heard = blocks[blocks > _energy(ABSOLUTE_GATE_LUFS)]
    if not len(heard):
        return -math.inf
    gate_lufs = _lufs(float(heard.mean())) + RELATIVE_GATE_LU
    return _lufs(float(heard[heard > _energy(gate_lufs)].mean()))


def _lufs(energy: float) -> float:
    return OFFSET_DB + 10 * math.log10(energy)


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET_DB) / 10))


class Meter:
    """Measures sound as it passes, block by block. Keeps 8 bytes for every 100 ms (288 kB an hour)."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.frames = 0
        self._rate = sample_rate_hz
        self._weighting = KWeighting(sample_rate_hz, channels)
        self._true_peak = TruePeak(channels)
        self._peak = 0.0
        self._pending = np.zeros(0)
        self._energies: list[Numbers] = []
        self._steps = 0

    def push(self, block: Samples) -> Samples:
        """Take the next frames, shaped frames by channels, and give their amplitudes as ``TruePeak`` does."""
        self.frames += len(block)
        amplitudes = self._true_peak.push(block)
        self._peak = max(self._peak, float(amplitudes.max(initial=0.0)))
        weighted = self._weighting.filter(block)
        self._pending = np.concatenate([self._pending, np.square(weighted).sum(axis=1)])
        # Where 100 ms is not a whole number of frames (11,025 Hz), steps are a frame longer or shorter in turn.
        whole = self.frames * STEPS_A_SECOND // self._rate
        edges = np.arange(self._steps, whole + 1) * self._rate // STEPS_A_SECOND
        if len(edges) > 1:
            starts = edges[:-1] - edges[0]
            end = int(edges[-1] - edges[0])
            self._energies.append(np.add.reduceat(self._pending[:end], starts) / np.diff(edges))
            self._pending = self._pending[end:]
            self._steps = whole
        return amplitudes

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness so far; minus infinity for silence."""
        return integrated_lufs(np.concatenate(self._energies)) if self._energies else -math.inf

    @property
    def true_peak_dbtp(self) -> float:
        """Highest true peak so far; minus infinity for digital silence."""
        return decibels(max(self._peak, float(self._true_peak.rest().max())))
