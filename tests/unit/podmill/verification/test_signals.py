"""The sound of lines, sound and damaged."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from models.recording import LineTime
from podmill.errors import TranscriberError
from podmill.verification.signals import Signal, measure
from tests.golden import hearing
from tests.golden.hearing import Sound, Spoken

LINE = Spoken("The old lens is in a museum.", "S1", np.zeros(0, np.float32))


@pytest.fixture(scope="module")
def line() -> Spoken:
    return replace(LINE, sound=hearing.say(LINE.text))


@pytest.fixture
def measured(tmp_path):
    def of(sound: Sound) -> Signal:
        """Of a line between two pauses of half a second."""
        pause = np.zeros(hearing.RATE_HZ // 2, np.float32)
        path = tmp_path / "recording.flac"
        soundfile.write(path, np.concatenate([pause, sound, pause]), hearing.RATE_HZ, subtype="PCM_16")
        end_s = 0.5 + len(sound) / hearing.RATE_HZ
        return measure(path, LineTime(index=0, start_s=0.5, end_s=end_s, take="t", voice="v"))

    return of


def test_a_sound_line_has_no_fault(line, measured):
    """Neither as it is nor ten times softer."""
    for gain in (1.0, 0.1):
        signal = measured(line.sound * np.float32(gain))
        assert [signal.clipped, signal.noisy, signal.cut] == [False] * 3


def test_clipping_is_told_after_levelling(line, measured):
    """The flat tops stay, wherever the level is."""
    assert measured(hearing.clipped(line, 0)).clipped


def test_noise_is_told(line, measured):
    """Noise 6 dB below the voice; at 40 dB below it is none."""
    noise = np.random.default_rng(3).standard_normal(len(line.sound), dtype=np.float32)

    assert measured(hearing.noisy(line, 2)).noisy
    assert not measured(line.sound + noise * np.float32(10 ** (-63 / 20))).noisy


def test_a_line_just_over_half_a_minute_is_not_clipped(line, measured):
    """The few samples beyond are no piece of their own, most of which would be near its peak."""
    length = round(30.0001 * hearing.RATE_HZ)

    assert not measured(np.tile(line.sound, 30)[:length]).clipped


def test_a_cut_is_told(line, measured):
    """Of an end that is in the middle of a sound."""
    assert measured(line.sound[: len(line.sound) // 2]).cut


def test_a_line_beyond_the_file_has_no_signal(tmp_path):
    """A recording shorter than it says: its words are missing, its sound is not judged."""
    path = tmp_path / "short.flac"
    soundfile.write(path, np.zeros(100, np.float32), hearing.RATE_HZ)

    signal = measure(path, LineTime(index=0, start_s=5.0, end_s=6.0, take="t", voice="v"))

    assert signal is None


def test_a_damaged_file_is_explained(tmp_path):
    """Bytes that are no audio name what to do."""
    path = tmp_path / "broken.flac"
    path.write_bytes(b"fLaC but not really")

    with pytest.raises(TranscriberError, match="cannot be read"):
        measure(path, LineTime(index=0, start_s=0.0, end_s=1.0, take="t", voice="v"))
