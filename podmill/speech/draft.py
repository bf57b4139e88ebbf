"""What an engine gave, on disk at the rate of takes: minutes of sound that are never in memory as a whole."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from podmill.speech import files, pitch
from podmill.speech.engine import RawSpeech, Samples
from podmill.store.room import no_space

BLOCK: Final = 1 << 16


@dataclass
class Draft:
    """Sound in a file, and what was measured when it was written."""

    file: soundfile.SoundFile
    frames: int = 0
    peak: float = 0.0
    """Highest amplitude; full scale is 1."""
    square_sum: float = 0.0
    sane: bool = True
    """Every sample is a number."""

    @property
    def mean_square(self) -> float:
        return self.square_sum / max(self.frames, 1)

    def read(self, start: int, frames: int) -> Samples:
        """A part of it."""
        self.file.seek(start)
        return np.asarray(self.file.read(frames, dtype="float32"))

    def write(self, block: Samples) -> None:
        self.file.write(block)
        self.frames += len(block)
        if not np.isfinite(block).all():
            self.sane = False
        elif len(block):
            self.peak = max(self.peak, float(np.abs(block).max()))
            self.square_sum += float(np.square(np.clip(block, -1, 1), dtype=np.float64).sum())


@contextmanager
def drafted(raw: RawSpeech, path: Path, rate_hz: int) -> Iterator[Draft]:
    """What an engine gave, at another rate and at its pitch; its file is gone afterwards.

    Raises:
        SpeechError: it is not sound.
        DiskFullError: there is no room for it.
    """
    shifted = path.with_suffix(".shifted.wav")
    try:
        with soundfile.SoundFile(path, "w+", rate_hz, 1, format="WAV", subtype="FLOAT") as file:
            draft = Draft(file)
            for block in _resampled(_blocks(raw, shifted), raw.sample_rate_hz, rate_hz):
                draft.write(block)
            yield draft
    except soundfile.LibsndfileError as exc:
        raise no_space(path.parent) from exc
    finally:
        path.unlink(missing_ok=True)
        shifted.unlink(missing_ok=True)


def _blocks(raw: RawSpeech, shifted: Path) -> Iterator[Samples]:
    """The sound as it was given, at its pitch."""
    if raw.decoded is not None:
        yield from (raw.decoded[at : at + BLOCK] for at in range(0, len(raw.decoded), BLOCK))
    elif raw.pitch == 1.0:
        yield from files.blocks(io.BytesIO(raw.data))
    else:
        pitch.shift_into(shifted, files.blocks(io.BytesIO(raw.data)), raw.sample_rate_hz, raw.pitch)
        yield from files.blocks(shifted)


def _resampled(blocks: Iterator[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    if from_hz == to_hz:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block, dtype=np.float32))
    yield stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
