"""The MP3 encoder: unity gain, exact length, same bytes, and errors a person can use."""

import os
from pathlib import Path

import numpy as np
import pytest
from mutagen.mp3 import MP3, BitrateMode

from models.sound import BIT_RATES_KBPS
from podmill.errors import ConfigurationError, DiskFullError, MasteringError
from podmill.mastering.encode import Mp3Encoder, check_bit_rate, mp3_bytes
from podmill.mastering.source import FileSound
from tests.golden.sounds import Sound, sine, speech_like


def encode(path: Path, sound: Sound, bitrate_kbps: int = 96) -> Path:
    with Mp3Encoder(path, bitrate_kbps, sound.shape[1]) as encoder:
        for first in range(0, len(sound), 20_000):
            encoder.write(sound[first : first + 20_000])
    return path


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("bitrate_kbps", [64, 96, 192, 224, 256])
def test_what_goes_in_comes_out(tmp_path: Path, bitrate_kbps: int, channels: int):
    """Level within 0.02 dB, length exact, no shift in time, at bit rates that LAME scales differently."""
    sound = sine(-12, 2, sample_rate_hz=44_100, frequency_hz=440, channels=channels)
    decoded = np.concatenate(list(FileSound(encode(tmp_path / "a.mp3", sound, bitrate_kbps), channels)))
    middle = slice(20_000, 60_000)
    assert len(decoded) == len(sound)
    level_db = 20 * np.log10(np.std(decoded[middle]) / np.std(sound[middle]))
    assert level_db == pytest.approx(0, abs=0.02)
    for channel in range(channels):
        assert np.corrcoef(decoded[middle, channel], sound[middle, channel])[0, 1] > 0.9999


@pytest.mark.parametrize("bitrate_kbps", BIT_RATES_KBPS)
def test_constant_bit_rate_and_size(tmp_path: Path, bitrate_kbps: int):
    """Every bit rate offered is what the file really has, 44.1 kHz mono, and its size was foreseen."""
    check_bit_rate(bitrate_kbps)
    path = encode(tmp_path / "a.mp3", speech_like(3), bitrate_kbps)
    info = MP3(path).info
    assert info.bitrate_mode == BitrateMode.CBR
    assert info.bitrate == pytest.approx(bitrate_kbps * 1000, abs=5)
    assert (info.sample_rate, info.channels) == (44_100, 1)
    assert info.length == pytest.approx(3, abs=0.05)
    assert path.stat().st_size <= mp3_bytes(3, bitrate_kbps)


def test_same_sound_same_bytes(tmp_path: Path):
    """Nothing of the moment is written into the file."""
    sound = speech_like(2)
    assert encode(tmp_path / "a.mp3", sound).read_bytes() == encode(tmp_path / "b.mp3", sound).read_bytes()


def test_unknown_bit_rate():
    """A bit rate MP3 does not have is refused with the list of those it has."""
    with pytest.raises(ConfigurationError, match=r"100 kbit/s.*96, 112"):
        check_bit_rate(100)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_apart():
    """When ffmpeg finds no space, the error is DiskFullError and names the folder."""
    with pytest.raises(DiskFullError, match=r"No space left in /dev.*goes on by itself"):
        encode(Path("/dev/full"), speech_like(20))


def test_a_failing_ffmpeg_is_quoted(tmp_path: Path):
    """When ffmpeg gives up, the error carries its status and its own words."""
    with pytest.raises(MasteringError, match=r"exit status \d+\): .*No such file"):
        encode(tmp_path / "no" / "such" / "folder.mp3", speech_like(20))


@pytest.mark.parametrize("program", ["absent", "not-executable"])
def test_ffmpeg_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str):
    """Without a usable ffmpeg the error says so."""
    (tmp_path / "not-executable").touch(mode=0o644)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / program))
    with pytest.raises(MasteringError, match="ffmpeg cannot be started"):
        encode(tmp_path / "a.mp3", speech_like(1))


def test_a_chatty_ffmpeg_neither_blocks_nor_fills_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Megabytes on standard error are read away; only the last lines are quoted."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nhead -c 5000000 /dev/zero | tr '\\0' 'x' >&2\necho the end >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))
    with pytest.raises(MasteringError, match=r"exit status 3.*the end") as caught:
        encode(tmp_path / "a.mp3", speech_like(1))
    assert len(str(caught.value)) < 20_000


def test_stopping_half_way_leaves_no_process(tmp_path: Path):
    """An error between two blocks (a lost lease) stops ffmpeg at once."""
    encoder = Mp3Encoder(tmp_path / "a.mp3", 96, 1)

    def lose_the_lease() -> None:
        with encoder:
            encoder.write(speech_like(1))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        lose_the_lease()
    with pytest.raises(ProcessLookupError):
        os.kill(encoder._process.pid, 0)
