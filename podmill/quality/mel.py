"""Mel spectrograms, value for value as librosa makes them: models were trained on those."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE_HZ: Final = 16_000
"""Of everything that the models of this room hear."""

_LINEAR_BELOW_HZ: Final = 1000.0
_MEL_HZ: Final = 200.0 / 3
_LOG_STEP: Final = np.log(6.4) / 27
"""Slaney's scale: linear up to 1 kHz, 27 steps for each factor of 6.4 above (Auditory Toolbox, 1998)."""


def mel_power(samples: Samples, *, window: int, hop: int, bands: int) -> NDArray[np.float32]:
    """Power in mel bands: frames by bands.

    Args:
        samples: mono, 16 kHz.
        window: samples of one frame; frames are centred, with silence before and after.
        hop: samples from one frame to the next.
    """
    padded = np.pad(samples, window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    spectrum = np.fft.rfft(frames * _hann(window), axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return (power @ _filters(window, bands)).astype(np.float32)


@lru_cache(maxsize=4)
def _hann(length: int) -> NDArray[np.float32]:
    turns = np.arange(length) / length
    return (0.5 - 0.5 * np.cos(2 * np.pi * turns)).astype(np.float32)


@lru_cache(maxsize=4)
def _filters(window: int, bands: int) -> NDArray[np.float32]:
    """Triangles of equal area, bins by bands."""
    bins_hz = np.arange(window // 2 + 1) * (RATE_HZ / window)
    edges_hz = _hz(np.linspace(0.0, _mels(RATE_HZ / 2), bands + 2))
    widths_hz = np.diff(edges_hz)
    slopes = bins_hz[:, None] - edges_hz
    triangles = np.minimum(slopes[:, :-2] / widths_hz[:-1], -slopes[:, 2:] / widths_hz[1:])
    filters: NDArray[np.float32] = (np.maximum(triangles, 0) * 2 / (edges_hz[2:] - edges_hz[:-2])).astype(np.float32)
    return filters


def _mels(hz: float) -> float:
    """Of a frequency above 1 kHz."""
    return float(_LINEAR_BELOW_HZ / _MEL_HZ + np.log(hz / _LINEAR_BELOW_HZ) / _LOG_STEP)


def _hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _LINEAR_BELOW_HZ / _MEL_HZ
    above = _LINEAR_BELOW_HZ * np.exp(_LOG_STEP * (np.maximum(mels, knee) - knee))
    return np.where(mels < knee, mels * _MEL_HZ, above)
