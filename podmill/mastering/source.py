"""Reading sound as a stream of blocks, as often as need be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from podmill.errors import MasteringError
from podmill.mastering.meter import Samples
from podmill.sound_file import PlayedFile

SAMPLE_RATE_HZ = 44_100
"""Of every master: what podcast apps and their MP3 decoders expect first."""
BLOCK = 1 << 16
"""Frames read at once."""


@dataclass(frozen=True, slots=True)
class FileSound:
    """A sound file as 44.1 kHz in one or two channels; each iteration begins at its beginning.

    For mono, channels are averaged; for stereo, mono is heard in both ears. Other sample rates are converted as they
    stream. Full scale is 1, but files of floating point and the decoder of an MP3 may go over it.
    """

    path: Path
    channels: int

    def __iter__(self) -> Iterator[Samples]:
        """Blocks of frames by channels, of no fixed length.

        Raises:
            MasteringError: it cannot be read to its end, or has more channels than can be made stereo.
        """
        try:
            with PlayedFile(self.path) as sound:
                if sound.channels > 2 and self.channels == 2:
                    raise MasteringError(
                        f"{self.path.name} has {sound.channels} channels.", action="Give it in mono or stereo."
                    )
                yield from _resampled(self._read(sound), sound.samplerate, self.channels)
        except soundfile.SoundFileError as exc:
            raise MasteringError(
                f"{self.path.name} cannot be read as sound: {exc}", action="Make the recording again: podmill retry"
            ) from exc

    def _read(self, sound: soundfile.SoundFile) -> Iterator[Samples]:
        while len(block := sound.read(BLOCK, dtype="float32", always_2d=True)):
            if sound.channels < self.channels:
                block = np.repeat(block, self.channels, axis=1)
            elif sound.channels > self.channels:
                block = block.mean(axis=1, keepdims=True)
            yield block


def _resampled(blocks: Iterable[Samples], rate_hz: int, channels: int) -> Iterator[Samples]:
    if rate_hz == SAMPLE_RATE_HZ:
        yield from blocks
        return
    converter = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, channels, dtype="float32")
    for block in blocks:
        yield converter.resample_chunk(block)
    yield converter.resample_chunk(np.zeros((0, channels), np.float32), last=True)


def even(blocks: Iterable[Samples], frames: int) -> Iterator[Samples]:
    """The same sound in blocks of ``frames`` rows; only the last may be shorter."""
    kept: list[Samples] = []
    count = 0
    for block in blocks:
        first = 0
        while first < len(block):
            part = block[first : first + frames - count]
            kept.append(part)
            first += len(part)
            count += len(part)
            if count == frames:
                yield np.concatenate(kept)
                kept, count = [], 0
    if count:
        yield np.concatenate(kept)
