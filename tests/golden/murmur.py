"""Sound with the pitch, formants and syllables of a voice, the same on every machine; no words."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LOW: Final = (110.0, (650.0, 1080.0, 2650.0))
HIGH: Final = (205.0, (860.0, 2050.0, 2850.0))
"""Pitch, and the first three formants, in Hz: those of a man and of a woman who say "ah"."""


def murmur(
    voice: tuple[float, tuple[float, ...]], seconds: float, *, rate_hz: int = 16_000, seed: int = 1
) -> NDArray[np.float32]:
    """So many seconds in a voice, four syllables each second, at a fifth of full scale."""
    pitch_hz, formants = voice
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    random = np.random.default_rng(seed)
    glide = 1 + 0.06 * np.sin(2 * np.pi * 0.7 * time + random.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch_hz * glide) / rate_hz
    whole = np.zeros_like(time)
    for harmonic in range(1, int(7000 / pitch_hz)):
        hz = harmonic * pitch_hz
        gain = sum(1 / (1 + ((hz - formant) / 90) ** 2) for formant in formants) / harmonic**0.5
        whole += gain * np.sin(harmonic * phase + random.uniform(0, 6))
    syllables = np.clip(np.sin(2 * np.pi * 2 * time) ** 2 * 1.6 - 0.2, 0, 1)
    breath = 0.01 * random.standard_normal(len(time))
    sound = whole * syllables / np.abs(whole).max() + breath
    quiet: NDArray[np.float32] = (0.2 * sound).astype(np.float32)
    return quiet
