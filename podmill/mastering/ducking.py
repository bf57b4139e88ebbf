"""How loud music is at any moment: down before the first word of a line, up again after the last.

All lines are known beforehand, so nothing has to be detected, and the music is down when a word begins, not after it.
What it goes down to depends on the line: of a quiet one it stays as far below as of a loud one. In pauses that are
shorter than ``hold_s`` it stays where it is: music that breathes with every sentence is heard as pumping.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.sound import Ducking
from podmill.mastering.levels import Levels
from podmill.mastering.meter import Numbers
from podmill.mastering.mix import Gain
from podmill.mastering.source import SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line on the clock of the program, in frames."""

    start: int
    end: int
    loudness_lufs: float


class Duck:
    """Gains of music under and between lines."""

    def __init__(self, lines: Sequence[Spoken], speech_lufs: float, how: Ducking) -> None:
        """Of lines in the order they are heard."""
        self._speech_lufs = speech_lufs
        self._below_lu = how.below_lu
        attack, release = round(how.attack_s * SAMPLE_RATE_HZ), round(how.release_s * SAMPLE_RATE_HZ)
        hold = max(round(how.hold_s * SAMPLE_RATE_HZ), attack + release)
        # Corners of two broken lines: how far down the music is, from 0 to 1, and for how loud a line.
        corners: list[tuple[int, float, float]] = []
        end: int | None = None
        for line in lines:
            if end is None or line.start - end > hold:
                if end is not None:
                    corners.append((end + release, 0.0, corners[-1][2]))
                corners.append((line.start - attack, 0.0, line.loudness_lufs))
            start = line.start if end is None else max(line.start, end)
            end = max(line.end, start)
            corners += [(start, 1.0, line.loudness_lufs), (end, 1.0, line.loudness_lufs)]
        corners.append((0, 0.0, speech_lufs) if end is None else (end + release, 0.0, corners[-1][2]))
        self._frames, self._down, self._lines_lufs = (np.array(column) for column in zip(*corners, strict=True))

    def gain(self, music: Levels, level_lu: float) -> Gain:
        """Of music that is to be ``level_lu`` against the speech where nobody speaks."""
        free_db = self._speech_lufs + level_lu - music.loudness_lufs
        under_db = self._lines_lufs - self._below_lu - music.loudest_lufs

        def at(frames: Numbers) -> Numbers:
            down_db = np.minimum(np.interp(frames, self._frames, under_db) - free_db, 0.0)
            gain_db = free_db + np.interp(frames, self._frames, self._down) * down_db
            return np.asarray(10 ** (gain_db / 20))

        return at
