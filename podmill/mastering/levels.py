"""How loud a sound is, step by step: what music is set by."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from podmill.mastering.meter import STEPS_A_BLOCK, STEPS_A_SECOND, KWeighting, Numbers, Samples, integrated_lufs
from podmill.mastering.source import SAMPLE_RATE_HZ

STEP = SAMPLE_RATE_HZ // STEPS_A_SECOND
"""Frames."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Of a sound at 44.1 kHz. Keeps 8 bytes for every 100 ms (288 kB an hour)."""

    frames: int
    energies: Numbers
    """Mean square of each whole 100 ms of K-weighted sound, its channels added up."""

    @classmethod
    def measure(cls, blocks: Iterable[Samples], channels: int) -> "Levels":
        weighting = KWeighting(SAMPLE_RATE_HZ, channels)
        pending, energies, frames = np.zeros(0), [np.zeros(0)], 0
        for block in blocks:
            frames += len(block)
            pending = np.concatenate([pending, np.square(weighting.filter(block)).sum(axis=1)])
            whole = len(pending) // STEP * STEP
            energies.append(pending[:whole].reshape(-1, STEP).mean(axis=1))
            pending = pending[whole:]
        return cls(frames, np.concatenate(energies))

    @property
    def loudness_lufs(self) -> float:
        """Integrated (EBU R 128); minus infinity for silence and for less than 400 ms."""
        return integrated_lufs(self.energies)

    @property
    def loudest_lufs(self) -> float:
        """Of its loudest 400 ms."""
        if len(self.energies) < STEPS_A_BLOCK:
            return integrated_lufs(self.energies)
        sums = np.convolve(self.energies, np.ones(STEPS_A_BLOCK), mode="valid")
        first = int(sums.argmax())
        return integrated_lufs(self.energies[first : first + STEPS_A_BLOCK])

    def between(self, first: int, end: int) -> float:
        """Integrated loudness of the steps that begin in a stretch of frames."""
        return integrated_lufs(self.energies[first // STEP : -(-end // STEP)])
