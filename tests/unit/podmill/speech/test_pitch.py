"""Shifting a voice: another pitch, the same pace."""

import numpy as np
import pytest

from podmill.errors import SpeechError, VoiceError
from podmill.speech import pitch
from tests.unit.podmill.speech.tones import fundamental_hz, tone

RATE_HZ = 22050


@pytest.mark.parametrize("factor", [0.84, 1.19, 1.4])
def test_the_pitch_moves_and_the_length_stays(factor: float) -> None:
    """The fundamental is multiplied, the duration keeps within 60 ms."""
    before = tone(120, 2.0, RATE_HZ)
    after = pitch.shift(before, RATE_HZ, factor)
    assert fundamental_hz(after, RATE_HZ) / fundamental_hz(before, RATE_HZ) == pytest.approx(factor, rel=0.03)
    assert len(after) / RATE_HZ == pytest.approx(2.0, abs=0.06)


def test_the_same_samples_every_time() -> None:
    """A shifted take can be cached: shifting has no chance in it."""
    before = tone(120, 0.5, RATE_HZ)
    assert np.array_equal(pitch.shift(before, RATE_HZ, 1.19), pitch.shift(before, RATE_HZ, 1.19))


def test_no_shift_is_no_change() -> None:
    """A factor of one hands back the samples themselves."""
    before = tone(120, 0.5, RATE_HZ)
    assert pitch.shift(before, RATE_HZ, 1.0) is before


def test_ffmpeg_says_why_it_failed() -> None:
    """What ffmpeg refuses becomes an error with its reason."""
    with pytest.raises(SpeechError, match=r"Shifting the pitch failed: .+"):
        pitch.shift(tone(120, 0.1, RATE_HZ), RATE_HZ, 1e-6)


def test_the_notation() -> None:
    """``@`` and a factor follow the voice."""
    assert pitch.split("piper:joe") == ("piper:joe", 1.0)
    assert pitch.split("piper:joe@1.19") == ("piper:joe", 1.19)


@pytest.mark.parametrize(
    "voice_id", ["piper:joe@", "piper:joe@0.1", "piper:joe@9", "piper:joe@nan", "piper:joe@1.1@1.1", "@1.1", "a@-1"]
)
def test_pitches_that_are_no_pitch(voice_id: str) -> None:
    """Anything but a factor in range is refused, and the message shows how to write one."""
    with pytest.raises(VoiceError, match=r"Write it as piper:joe@1\.19"):
        pitch.split(voice_id)
