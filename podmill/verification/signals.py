"""What can be told of the sound of a line without understanding it: distortion, noise, an end that is none.

The limits lie between the sound and the damaged lines of ``tests/golden/hearing.py``; beside each stands what was
measured of both.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.recording import LineTime
from podmill.errors import TranscriberError

FLAT_MAX: Final = 0.03
"""Share of samples above 85 % of the peak: up to 0.004 in sound lines, 0.12 and more when clipped by 20 dB."""

CONTRAST_MIN_DB: Final = 15.0
"""Of the loudest twentieth of a line over its quietest: 19 and more in sound lines, under 13 with noise 6 dB below
the voice. A short answer without a pause has the least."""

DROP_MAX_DB: Final = 43.0
"""Within 20 ms at the end of a line: up to 38 in sound lines, 48 and more when cut in the middle of a sound."""

_SILENT_DB: Final = 40.0
"""Below the line's loudest part: to here a cut falls."""
_DEAD_DB: Final = 60.0
"""Below it: less is as good as nothing, so that digital silence falls no further than a quiet room."""

_PIECE_S: Final = 30.0
"""The most that is read at a time, whatever the length of a line."""
_FRAME_S: Final = 0.02
_STEP_S: Final = 0.005
_AROUND_END_S: Final = 0.3
_TINY: Final = 1e-7

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Signal:
    """What was measured of one line."""

    flat: float
    """Share of samples near the peak; the worst half minute counts."""
    contrast_db: float
    drop_db: float
    """The steepest fall into silence near its end."""

    @property
    def clipped(self) -> bool:
        return self.flat > FLAT_MAX

    @property
    def noisy(self) -> bool:
        return self.contrast_db < CONTRAST_MIN_DB

    @property
    def cut(self) -> bool:
        return self.drop_db > DROP_MAX_DB


def measure(audio: Path, line: LineTime) -> Signal | None:
    """The signal of a line; None where the recording has none. Memory is that of half a minute, whatever its length.

    Raises:
        TranscriberError: the file cannot be read.
    """
    try:
        with soundfile.SoundFile(audio) as file:
            rate = file.samplerate
            flat = 0.0
            levels = []
            for piece in _pieces(file, line.start_s, line.end_s):
                size = np.abs(piece)
                flat = max(flat, float(np.mean(size >= 0.85 * max(size.max(), _TINY))))
                levels.append(_levels_db(piece, round(_FRAME_S * rate)))
            level = np.concatenate(levels) if levels else np.zeros(0)
            if not len(level):
                return None
            quiet, loud = (float(np.percentile(level, share)) for share in (5, 95))
            end = _read(file, line.end_s - _AROUND_END_S, line.end_s + _AROUND_END_S)
            steps = _levels_db(end, round(_STEP_S * rate))
            return Signal(
                flat=flat,
                contrast_db=loud - quiet,
                drop_db=_drop(np.maximum(steps, loud - _DEAD_DB), loud - _SILENT_DB),
            )
    except soundfile.SoundFileError as exc:
        raise TranscriberError(f"The recording cannot be read: {exc}", action="Run: podmill retry") from exc


def _pieces(file: soundfile.SoundFile, start_s: float, end_s: float) -> Iterator[Samples]:
    """Of equal length: of a piece of a few samples most are near its peak."""
    end_s = min(end_s, file.frames / file.samplerate)
    count = math.ceil((end_s - start_s) / _PIECE_S)
    for first_s, last_s in pairwise(np.linspace(start_s, end_s, max(count, 0) + 1)):
        piece = _read(file, float(first_s), float(last_s))
        if len(piece):
            yield piece


def _read(file: soundfile.SoundFile, start_s: float, end_s: float) -> Samples:
    first, last = (min(max(round(second * file.samplerate), 0), file.frames) for second in (start_s, end_s))
    file.seek(first)
    mono: Samples = file.read(last - first, dtype="float32", always_2d=True).mean(axis=1, dtype=np.float32)
    return mono


def _levels_db(samples: Samples, length: int) -> NDArray[np.float64]:
    frames = samples[: len(samples) // length * length].reshape(-1, length)
    levels: NDArray[np.float64] = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + _TINY**2)
    return levels


def _drop(steps: NDArray[np.float64], silent_db: float) -> float:
    """The largest fall from the mean of four steps to that of six, one step apart, where the six are silent."""
    power = 10 ** (steps / 10)
    drop = 0.0
    for at in range(4, len(steps) - 7):
        before, after = (10 * np.log10(part.mean()) for part in (power[at - 4 : at], power[at + 1 : at + 7]))
        if after < silent_db:
            drop = max(drop, float(before - after))
    return drop
