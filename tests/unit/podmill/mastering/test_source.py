"""Any sound file comes as 44.1 kHz mono in equal blocks."""

from pathlib import Path

import numpy as np
import pytest

from podmill.errors import MasteringError
from podmill.mastering.source import mono_blocks
from tests.golden.sounds import flac, sine, speech_like


@pytest.mark.parametrize("sample_rate_hz", [22_050, 44_100, 48_000])
def test_every_block_but_the_last_is_full(tmp_path: Path, sample_rate_hz: int):
    """Length is kept to a frame at any sample rate; only the last block is short."""
    sound = speech_like(1.0, sample_rate_hz=sample_rate_hz)
    blocks = list(mono_blocks(flac(tmp_path / "a.flac", sound, sample_rate_hz), 6300))
    assert {len(block) for block in blocks[:-1]} == {6300}
    assert 0 < len(blocks[-1]) <= 6300
    assert abs(sum(map(len, blocks)) - 44_100) <= 1
    assert all(block.shape[1:] == (1,) and block.dtype == np.float32 for block in blocks)


def test_channels_are_averaged(tmp_path: Path):
    """A tone in the left channel alone comes at half its amplitude."""
    sound = sine(-6, 0.5, sample_rate_hz=44_100)
    sound[:, 1] = 0
    mono = np.concatenate(list(mono_blocks(flac(tmp_path / "a.flac", sound), 5000)))
    assert mono[:, 0] == pytest.approx(sound[:, 0] / 2, abs=1e-4)


@pytest.mark.parametrize("content", [b"", b"fLaC but not really", b"\0" * 5000])
def test_damage_is_named(tmp_path: Path, content: bytes):
    """What is not sound is an error that names the file and what to do."""
    path = tmp_path / "recording.flac"
    path.write_bytes(content)
    with pytest.raises(MasteringError, match=r"recording\.flac cannot be read as sound.*podmill retry"):
        list(mono_blocks(path, 1000))
