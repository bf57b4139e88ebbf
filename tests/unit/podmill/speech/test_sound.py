"""What a server sends as audio."""

import numpy as np
import pytest

from podmill.errors import SpeechError
from podmill.speech import files
from podmill.speech.sound import sound
from tests.unit.podmill.speech.tones import tone

RATE_HZ = 24000
SAMPLES = tone(220, 0.5, RATE_HZ)
WAV = files.wav(SAMPLES, RATE_HZ)


def test_a_whole_file_is_left_alone() -> None:
    """Byte for byte."""
    assert sound(WAV).data == WAV


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF, len(WAV) * 2])
def test_a_header_that_does_not_know_its_length(size: int) -> None:
    """Streamed WAV is read to its end, whatever its header says."""
    placeholder = size.to_bytes(4, "little")
    streamed = WAV[:4] + placeholder + WAV[8:40] + placeholder + WAV[44:]
    samples, rate_hz = files.decoded(sound(streamed).data)
    np.testing.assert_array_equal(samples, files.decoded(WAV)[0])
    assert rate_hz == RATE_HZ


def test_chunks_before_the_sound() -> None:
    """Other chunks are stepped over, one of an odd length too."""
    other = b"LIST" + (3).to_bytes(4, "little") + b"abc\0"
    data = WAV[:36] + other + WAV[36:40] + b"\xff" * 4 + WAV[44:]
    np.testing.assert_array_equal(files.decoded(sound(data).data)[0], files.decoded(WAV)[0])


def test_samples_without_a_header() -> None:
    """Only where they were asked for; half a sample at the end is dropped."""
    made = sound(WAV[44:] + b"\0", pcm_rate_hz=RATE_HZ)
    np.testing.assert_array_equal(files.decoded(made.data)[0], files.decoded(WAV)[0])
    with pytest.raises(SpeechError, match="are no audio"):
        sound(WAV[44:])


@pytest.mark.parametrize("data", [b"", b"\0", b"{}", b"RIFX", b"\xff\x10"])
def test_what_is_no_audio(data: bytes) -> None:
    """Words and scraps are not taken for sound."""
    with pytest.raises(SpeechError):
        sound(data)


@pytest.mark.parametrize(
    ("start", "suffix"), [(b"ID3\x04", ".mp3"), (b"\xff\xfb", ".mp3"), (b"OggS", ".ogg"), (b"fLaC", ".flac")]
)
def test_kinds(start: bytes, suffix: str) -> None:
    """By their first bytes."""
    assert sound(start + b"...").suffix == suffix


@pytest.mark.parametrize("cut", [4, 11, 20, 40, 44])
def test_a_file_that_was_cut(cut: int) -> None:
    """It is no sound, or none that can be read: never an endless loop."""
    with pytest.raises(SpeechError):
        files.decoded(sound(WAV[:cut]).data if cut != 44 else sound(WAV[:44]).data[:30])
