"""Any sound file comes as 44.1 kHz mono or stereo, as often as wanted, and any blocks are cut anew."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from podmill.errors import MasteringError
from podmill.mastering.meter import Meter
from podmill.mastering.source import FileSound, even
from tests.golden.sounds import flac, sine, speech_like

RATES_HZ = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample_rate_hz", RATES_HZ)
def test_any_sample_rate(tmp_path: Path, sample_rate_hz: int, channels: int):
    """Length is kept to a frame and level to 0.02 LU at any sample rate from 8 to 192 kHz."""
    sound = sine(-20, 2.0, sample_rate_hz=sample_rate_hz, frequency_hz=997, channels=channels)
    made = np.concatenate(list(FileSound(flac(tmp_path / "a.flac", sound, sample_rate_hz), channels)))
    assert made.shape[1] == channels
    assert made.dtype == np.float32
    assert abs(len(made) - 2 * 44_100) <= 1
    meter = Meter(44_100, channels)
    meter.push(made)
    assert meter.loudness_lufs == pytest.approx(-23 + 10 * np.log10(channels), abs=0.02)


def test_heard_again_it_is_the_same(tmp_path: Path):
    """Each iteration begins at the beginning, also while another one is on its way."""
    sound = FileSound(flac(tmp_path / "a.flac", speech_like(4, sample_rate_hz=22_050), 22_050), 1)
    half = iter(sound)
    next(half)
    first, second = np.concatenate(list(sound)), np.concatenate(list(sound))
    assert np.array_equal(first, second)


def test_channels_are_averaged(tmp_path: Path):
    """A tone in the left channel alone comes at half its amplitude in mono."""
    sound = sine(-6, 0.5, sample_rate_hz=44_100)
    sound[:, 1] = 0
    mono = np.concatenate(list(FileSound(flac(tmp_path / "a.flac", sound), 1)))
    assert mono[:, 0] == pytest.approx(sound[:, 0] / 2, abs=1e-4)


def test_mono_is_heard_in_both_ears(tmp_path: Path):
    """A mono file has the same sound in both channels of a stereo master."""
    sound = speech_like(0.5)
    stereo = np.concatenate(list(FileSound(flac(tmp_path / "a.flac", sound), 2)))
    assert stereo.shape == (len(sound), 2)
    assert np.array_equal(stereo[:, 0], stereo[:, 1])


def test_hotter_than_full_scale_is_kept(tmp_path: Path):
    """A file of floating point that goes over full scale is not clipped on its way to the limiter."""
    soundfile.write(tmp_path / "hot.wav", np.full((1000, 1), 3.5, np.float32), 44_100, subtype="FLOAT")
    assert next(iter(FileSound(tmp_path / "hot.wav", 1))).max() == 3.5


def test_surround_has_no_place_in_stereo(tmp_path: Path):
    """More than two channels are refused with how many there are."""
    path = flac(tmp_path / "a.flac", np.zeros((1000, 6), np.float32))
    with pytest.raises(MasteringError, match=r"a\.flac has 6 channels.*mono or stereo"):
        list(FileSound(path, 2))


@pytest.mark.parametrize("content", [b"", b"fLaC but not really", b"\0" * 5000])
def test_damage_is_named(tmp_path: Path, content: bytes):
    """What is not sound is an error that names the file and what to do."""
    path = tmp_path / "recording.flac"
    path.write_bytes(content)
    with pytest.raises(MasteringError, match=r"recording\.flac cannot be read as sound.*podmill retry"):
        list(FileSound(path, 1))


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_blocks_are_cut_anew(lengths: list[int], frames: int):
    """However long blocks are, they come as blocks of one length, the last may be shorter; nothing is lost or moved."""
    whole = np.arange(sum(lengths), dtype=np.float32)[:, None]
    blocks = np.split(whole, np.cumsum(lengths)[:-1]) if lengths else []
    cut = list(even(blocks, frames))
    assert all(len(block) == frames for block in cut[:-1])
    assert all(0 < len(block) <= frames for block in cut)
    assert np.array_equal(np.concatenate([whole[:0], *cut]), whole)
