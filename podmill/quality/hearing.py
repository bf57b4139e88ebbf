"""Reading a recording piece by piece, as the models of this room hear it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from podmill.quality.mel import RATE_HZ, Samples


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a recording."""

    start_s: float
    end_s: float
    samples: Samples
    """Mono, 16 kHz."""


def windows(file: soundfile.SoundFile, length_s: float) -> Iterator[Window]:
    """The whole recording, one stretch after another: memory is that of one."""
    file.seek(0)
    start_s = 0.0
    while len(frames := file.read(round(length_s * file.samplerate), dtype="float32", always_2d=True)):
        end_s = start_s + len(frames) / file.samplerate
        yield Window(start_s, end_s, _heard(frames, file.samplerate))
        start_s = end_s


def stretch(file: soundfile.SoundFile, start_s: float, end_s: float) -> Samples:
    """A part of the recording: mono, 16 kHz."""
    first = min(max(round(start_s * file.samplerate), 0), file.frames)
    last = min(max(round(end_s * file.samplerate), first), file.frames)
    file.seek(first)
    return _heard(file.read(last - first, dtype="float32", always_2d=True), file.samplerate)


def _heard(frames: NDArray[np.float32], rate_hz: int) -> Samples:
    resampled: Samples = soxr.resample(frames.mean(axis=1, dtype=np.float32), rate_hz, RATE_HZ)
    return resampled
