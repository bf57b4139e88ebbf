"""Reading sound as a stream of equal blocks."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from podmill.errors import MasteringError
from podmill.mastering.meter import Samples

SAMPLE_RATE_HZ = 44_100
"""Of every master: what podcast apps and their MP3 decoders expect first."""


def mono_blocks(path: Path, frames: int) -> Iterator[Samples]:
    """A sound file as 44.1 kHz mono, in blocks of ``frames`` rows; only the last may be shorter.

    Channels are averaged; other sample rates are converted as they stream. Full scale is 1, but the decoder of an MP3
    may go over it.

    Raises:
        MasteringError: it cannot be read to its end.
    """
    pending = np.zeros((0, 1), np.float32)
    try:
        with soundfile.SoundFile(path) as sound:
            for block in _resampled(sound, frames):
                pending = np.concatenate([pending, block]) if len(pending) else block
                while len(pending) >= frames:
                    yield pending[:frames]
                    pending = pending[frames:]
    except soundfile.SoundFileError as exc:
        raise MasteringError(
            f"{path.name} cannot be read as sound: {exc}", action="Make the recording again: podmill retry"
        ) from exc
    if len(pending):
        yield pending


def _resampled(sound: soundfile.SoundFile, frames: int) -> Iterator[Samples]:
    if sound.samplerate == SAMPLE_RATE_HZ:
        yield from _averaged(sound, frames)
        return
    converter = soxr.ResampleStream(sound.samplerate, SAMPLE_RATE_HZ, 1, dtype="float32")
    for block in _averaged(sound, frames):
        yield converter.resample_chunk(block)
    yield converter.resample_chunk(np.zeros((0, 1), np.float32), last=True)


def _averaged(sound: soundfile.SoundFile, frames: int) -> Iterator[Samples]:
    while len(block := sound.read(frames, dtype="float32", always_2d=True)):
        yield block.mean(axis=1, keepdims=True) if sound.channels > 1 else block
