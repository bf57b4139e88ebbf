"""A streaming loudness meter: EBU R 128 integrated loudness and true peak, in memory that does not grow with the sound.

Numbers and method: Recommendation ITU-R BS.1770-4 (K-weighting, Annex 1; gating, Annex 1; true peak, Annex 2) and
EBU Tech 3341. A mono file is one channel of weight 1, as it is for ffmpeg's ``ebur128``.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import firwin, sosfilt

Samples = NDArray[np.float32]
"""Sound, one row a frame, one column a channel; full scale is 1."""
Numbers = NDArray[np.float64]
Amplitudes = NDArray[np.float32]
"""One for each hop."""

STEPS_A_SECOND = 10
"""Gating blocks of 400 ms start every 100 ms: four steps are one block."""
STEPS_A_BLOCK = 4
FINE_A_STEP = 5
"""Maxima are looked for every 20 ms: what is heard between two steps is not missed (EBU Tech 3341, cases 10 to 14)."""
MOMENTARY_S, SHORT_TERM_S = 0.4, 3.0
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
STEPS_A_STRETCH = 30
"""Loudness range is that of stretches of 3 s, one beginning every 100 ms, over a gate of its own (EBU Tech 3342)."""
RANGE_GATE_LU = -20.0
OFFSET_DB = -0.691
"""Makes a 997 Hz sine at full scale in one channel read -3.01 LUFS."""

HOP = 63
"""Frames whose highest true peak is told as one. Divides 100 ms at 44.1 kHz: 70 hops are one step of the gate."""
OVERSAMPLING = 4
HALF_WIDTH = 24
"""Frames on either side that the true-peak interpolator looks at. With 6, as many taps as in the example of BS.1770, it
is 2.4 dB down at 20 kHz, and reads dense music 0.3 dB low; with 24 it is flat to 20 kHz."""
ROW = 21
"""Frames interpolated by one product; a hop is three."""
ROWS_AT_ONCE = 56
"""OpenBLAS shares a product of more than 2**18 multiplications among threads, whose waiting for each other takes more
processor time than the product; this many rows are fewer."""
PRODUCTS_AT_ONCE = 20
"""280 kB of interpolated values: what is larger leaves the cache, and its memory goes back to the system each time."""


def _interpolation() -> Samples:
    """What turns a row with ``HALF_WIDTH`` frames on either side into what is between them: three values a frame."""
    last = 2 * HALF_WIDTH * OVERSAMPLING
    taps = firwin(last + 1, 1 / OVERSAMPLING, window=("kaiser", 6.0)) * OVERSAMPLING
    values, frames = np.arange(ROW * OVERSAMPLING), np.arange(ROW + 2 * HALF_WIDTH)
    values = values[values % OVERSAMPLING > 0]
    tap = last + values[:, None] - OVERSAMPLING * frames
    return np.where((tap >= 0) & (tap <= last), taps[np.clip(tap, 0, last)], 0).astype(np.float32)


INTERPOLATION: Samples = _interpolation()
"""A matrix, because a product of matrices takes a tenth of the time that a filter takes."""


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
        self._state = np.zeros((len(self._sections), channels, 2))

    def filter(self, block: Samples) -> Numbers:
        """The next frames, weighted."""
        # One channel after the other: the filter takes half the time on what lies together.
        weighted, self._state = sosfilt(self._sections, block.T.astype(np.float64, order="C"), zi=self._state)
        return np.asarray(weighted.T)


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
    """The peaks at and between the samples, seen at four times the sample rate, over all channels."""

    def __init__(self, channels: int) -> None:
        self._pending = np.zeros((channels, HALF_WIDTH), np.float32)

    def push(self, block: Samples) -> Amplitudes:
        """The highest amplitude in each further hop that is whole, and followed by ``HALF_WIDTH`` frames."""
        joined = np.concatenate([self._pending, block.T], axis=1)
        hops = max(0, joined.shape[1] - 2 * HALF_WIDTH) // HOP
        self._pending = joined[:, hops * HOP :].copy()
        return _hop_peaks(joined, hops)

    def rest(self) -> Amplitudes:
        """Of the hops held back, as if silence followed; the next ``push`` goes on as if not asked."""
        frames = self._pending.shape[1] - HALF_WIDTH
        hops = -(-frames // HOP)
        return _hop_peaks(np.pad(self._pending, ((0, 0), (0, hops * HOP + HALF_WIDTH - frames))), hops)


def _hop_peaks(joined: Samples, hops: int) -> Amplitudes:
    """Of channels by frames: the first hop begins after ``HALF_WIDTH`` frames."""
    channels, count, seen = len(joined), hops * HOP // ROW, ROW + 2 * HALF_WIDTH
    rows = np.zeros((channels, -(-count // ROWS_AT_ONCE) * ROWS_AT_ONCE, seen), np.float32)
    if hops:
        rows[:, :count] = sliding_window_view(joined, seen, axis=1)[:, : hops * HOP : ROW]
    peaks = np.empty((rows.size // seen // ROWS_AT_ONCE, ROWS_AT_ONCE), np.float32)
    # The rows lie side by side, so that their highest values are looked for in all of them at once; few products at a
    # time, because a processor is as fast as this only on what is in its cache.
    products = rows.reshape(-1, ROWS_AT_ONCE, seen).transpose(0, 2, 1)
    for first in range(0, len(products), PRODUCTS_AT_ONCE):
        between = INTERPOLATION @ products[first : first + PRODUCTS_AT_ONCE]
        np.abs(between, out=between).max(axis=1, out=peaks[first : first + PRODUCTS_AT_ONCE])
    highest = peaks.reshape(channels, -1)[:, :count].max(axis=0).reshape(hops, HOP // ROW).max(axis=1)
    frames = np.abs(joined[:, HALF_WIDTH:][:, : hops * HOP]).max(axis=0).reshape(hops, HOP).max(axis=1)
    return np.asarray(np.maximum(highest, frames))


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


def loudness_range_lu(step_energies: Numbers) -> float:
    """Loudness range of EBU Tech 3342, from the same steps: between the 10th and 95th percentile of 3 s of sound.

    Zero for what is shorter than 3 s, or silent.
    """
    if len(step_energies) < STEPS_A_STRETCH:
        return 0.0
    stretches = np.convolve(step_energies, np.full(STEPS_A_STRETCH, 1 / STEPS_A_STRETCH), mode="valid")
    heard = stretches[stretches > _energy(ABSOLUTE_GATE_LUFS)]
    if not len(heard):
        return 0.0
    gate_lufs = _lufs(float(heard.mean())) + RANGE_GATE_LU
    low, high = np.percentile(heard[heard > _energy(gate_lufs)], (10, 95))
    return _lufs(float(high)) - _lufs(float(low))


def _lufs(energy: float) -> float:
    return OFFSET_DB + 10 * math.log10(energy)


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET_DB) / 10))


def sliding_lufs(fine_energies: Numbers, window_s: float) -> Numbers:
    """Loudness, without a gate, of every window that begins with a fine step and is whole."""
    count = round(window_s * STEPS_A_SECOND * FINE_A_STEP)
    if len(fine_energies) < count:
        return np.zeros(0)
    sums = np.cumsum(np.concatenate([[0.0], fine_energies]))
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET_DB + 10 * np.log10(np.maximum(sums[count:] - sums[:-count], 0) / count))


class Loudness:
    """Measures the loudness of sound as it passes, block by block. Keeps 40 bytes for every 100 ms (1.4 MB an hour)."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.frames = 0
        self._rate = sample_rate_hz
        self._weighting = KWeighting(sample_rate_hz, channels)
        self._pending = np.zeros(0)
        self._energies: list[Numbers] = []
        self._steps = 0

    def hear(self, block: Samples) -> None:
        """Take the next frames, shaped frames by channels."""
        self.frames += len(block)
        weighted = self._weighting.filter(block)
        self._pending = np.concatenate([self._pending, np.einsum("fc,fc->f", weighted, weighted)])
        # Where 20 ms is not a whole number of frames (11,025 Hz), steps are a frame longer or shorter in turn.
        fine_a_second = STEPS_A_SECOND * FINE_A_STEP
        whole = self.frames * fine_a_second // self._rate
        edges = np.arange(self._steps, whole + 1) * self._rate // fine_a_second
        if len(edges) > 1:
            starts = edges[:-1] - edges[0]
            end = int(edges[-1] - edges[0])
            self._energies.append(np.add.reduceat(self._pending[:end], starts) / np.diff(edges))
            self._pending = self._pending[end:]
            self._steps = whole

    @property
    def fine_energies(self) -> Numbers:
        """Mean square of each whole 20 ms so far, K-weighted, its channels added up."""
        return np.concatenate([np.zeros(0), *self._energies])

    @property
    def step_energies(self) -> Numbers:
        """The same of each whole 100 ms."""
        fine = self.fine_energies
        return np.asarray(fine[: len(fine) // FINE_A_STEP * FINE_A_STEP].reshape(-1, FINE_A_STEP).mean(axis=1))

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness so far; minus infinity for silence."""
        return integrated_lufs(self.step_energies)

    @property
    def loudness_range_lu(self) -> float:
        """Loudness range so far."""
        return loudness_range_lu(self.step_energies)

    @property
    def momentary_max_lufs(self) -> float:
        """Of the loudest 400 ms so far; minus infinity for silence, and before there are so many."""
        return float(sliding_lufs(self.fine_energies, MOMENTARY_S).max(initial=-math.inf))

    @property
    def short_term_max_lufs(self) -> float:
        """Likewise of the loudest 3 s."""
        return float(sliding_lufs(self.fine_energies, SHORT_TERM_S).max(initial=-math.inf))


class Meter(Loudness):
    """Measures loudness and true peak."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        super().__init__(sample_rate_hz, channels)
        self._true_peak = TruePeak(channels)
        self._peak = 0.0

    def push(self, block: Samples) -> Amplitudes:
        """Take the next frames, and give their peaks as ``TruePeak`` does."""
        self.hear(block)
        peaks = self._true_peak.push(block)
        self._peak = max(self._peak, float(peaks.max(initial=0.0)))
        return peaks

    @property
    def true_peak_dbtp(self) -> float:
        """Highest true peak so far; minus infinity for digital silence."""
        return decibels(max(self._peak, float(self._true_peak.rest().max(initial=0.0))))
