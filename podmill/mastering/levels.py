"""How loud a sound is, step by step: what music is set by."""

from collections.abc import Iterable
from dataclasses import dataclass

from podmill.mastering.meter import STEPS_A_SECOND, Loudness, Numbers, Samples, integrated_lufs
from podmill.mastering.source import SAMPLE_RATE_HZ

STEP = SAMPLE_RATE_HZ // STEPS_A_SECOND
"""Frames."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Of a sound at 44.1 kHz. Keeps 8 bytes for every 100 ms (288 kB an hour)."""

    frames: int
    energies: Numbers
    """Mean square of each whole 100 ms of K-weighted sound, its channels added up."""
    loudest_lufs: float
    """Of its loudest 400 ms."""

    @classmethod
    def measure(cls, blocks: Iterable[Samples], channels: int) -> "Levels":
        heard = Loudness(SAMPLE_RATE_HZ, channels)
        for block in blocks:
            heard.hear(block)
        return cls(heard.frames, heard.step_energies, heard.momentary_max_lufs)

    @property
    def loudness_lufs(self) -> float:
        """Integrated (EBU R 128); minus infinity for silence and for less than 400 ms."""
        return integrated_lufs(self.energies)

    def between(self, first: int, end: int) -> float:
        """Integrated loudness of the steps that begin in a stretch of frames."""
        return integrated_lufs(self.energies[first // STEP : -(-end // STEP)])
