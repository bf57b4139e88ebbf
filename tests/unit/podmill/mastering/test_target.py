"""A show's own sound comes before the settings; each of its values for itself."""

import pytest
from pydantic import ValidationError

from models.sound import Sound
from podmill.mastering.target import Target
from podmill.settings import Settings

SETTINGS = Settings(channels=2, loudness_lufs=-18.0, true_peak_dbtp=-2.0, bitrate_kbps=160)


@pytest.mark.parametrize("sound", [None, Sound()])
def test_a_show_that_asks_for_nothing(sound: Sound | None):
    """It has what the settings say."""
    assert Target.of(sound, SETTINGS) == Target(2, -18.0, -2.0, 160)


def test_what_a_show_asks_for():
    """Mono at -19 LUFS stays so, whatever the settings; what it leaves out is theirs."""
    assert Target.of(Sound(channels=1, loudness_lufs=-19.0), SETTINGS) == Target(1, -19.0, -2.0, 160)
    assert Target.of(Sound(true_peak_dbtp=-1.0, bitrate_kbps=64), SETTINGS) == Target(2, -18.0, -1.0, 64)


def test_mono_at_16_is_the_default():
    """Nothing set: mono, -16 LUFS, -1 dBTP, 96 kbit/s."""
    assert Target.of(None, Settings()) == Target(1, -16.0, -1.0, 96)


@pytest.mark.parametrize(
    "wrong", [{"channels": 3}, {"loudness_lufs": -4.0}, {"true_peak_dbtp": 0.1}, {"bitrate_kbps": 100}, {"gain": 1}]
)
def test_what_cannot_be(wrong: dict[str, float]):
    """A show cannot ask for what an MP3 cannot be."""
    with pytest.raises(ValidationError):
        Sound.model_validate(wrong)
