"""Reading a recording piece by piece, as the models of this room hear it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from podmill.quality.mel import RATE_HZ, Samples

FULL_SCALE: Final = 0.999
CLIPPED_SAMPLES: Final = 3
"""In a row at full scale: sound that was cut off; a single one may be a peak that just fits."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a recording."""

    start_s: float
    end_s: float
    samples: Samples
    """Mono, 16 kHz."""
    clipped_s: tuple[float, ...]
    """When it is at full scale, seconds in the recording."""


def windows(file: soundfile.SoundFile, length_s: float) -> Iterator[Window]:
    """The whole recording, one stretch after another: memory is that of one."""
    file.seek(0)
    start_s = 0.0
    while len(frames := file.read(round(length_s * file.samplerate), dtype="float32", always_2d=True)):
        end_s = start_s + len(frames) / file.samplerate
        clipped = start_s + _clipped(frames) / file.samplerate
        yield Window(start_s, end_s, _heard(frames, file.samplerate), tuple(clipped.tolist()))
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


def _clipped(frames: NDArray[np.float32]) -> NDArray[np.int64]:
    """Where each run of samples at full scale begins."""
    full = (np.abs(frames) >= FULL_SCALE).any(axis=1)
    edges = np.flatnonzero(np.diff(full, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    long: NDArray[np.int64] = begins[ends - begins >= CLIPPED_SAMPLES]
    return long
