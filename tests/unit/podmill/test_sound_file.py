"""Sound in blocks is the sound as a whole."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from podmill.mastering.source import FileSound
from podmill.sound_file import PlayedFile
from podmill.speech import files
from tests.golden.sounds import speech_like


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg", "a.flac", "a.wav"])
@pytest.mark.parametrize("frames", [1000, 44_100])
def test_blocks_are_the_whole(tmp_path: Path, name: str, frames: int):
    """Not a sample differs at the joins, whatever the format; plain ``soundfile`` loses its place in MP3."""
    soundfile.write(tmp_path / name, speech_like(4), 44_100)
    whole = soundfile.read(tmp_path / name, dtype="float32", always_2d=True)[0]
    with PlayedFile(tmp_path / name) as file:
        blocks = []
        while len(block := file.read(frames, dtype="float32", always_2d=True)):
            blocks.append(block)
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_what_reads_in_blocks_reads_so(tmp_path: Path):
    """Masters and the replies of providers, as MP3 and longer than a block: as they are decoded at once."""
    path = tmp_path / "a.mp3"
    soundfile.write(path, speech_like(4), 44_100)
    whole = soundfile.read(path, dtype="float32", always_2d=True)[0]
    np.testing.assert_array_equal(np.concatenate(list(FileSound(path, 1))), whole)
    np.testing.assert_array_equal(np.concatenate(list(files.blocks(io.BytesIO(path.read_bytes())))), whole[:, 0])
