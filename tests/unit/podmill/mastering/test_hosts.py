"""Each speaker's loudness is that of their lines, by the clock of the master."""

import numpy as np
import pytest

from models.recording import Recording
from models.script import Script
from podmill.mastering.hosts import speakers_lufs
from podmill.mastering.meter import Meter
from tests.golden.sounds import sine


def test_each_by_their_own_lines(script: Script, recording: Recording):
    """Two speakers 6 dB apart read 6 LU apart, whatever is between their lines."""
    sound = sine(-3, 12, sample_rate_hz=44_100, channels=1)
    for line, level_dbfs in zip(recording.lines, (-20, -26, -20, -26), strict=True):
        first, end = round(line.start_s * 44_100), round(line.end_s * 44_100)
        sound[first:end] = sine(level_dbfs, 12, sample_rate_hz=44_100, channels=1)[first:end]
    meter = Meter(44_100, 1)
    meter.push(sound)
    found = speakers_lufs(script, recording, meter.step_energies)
    assert found == pytest.approx({"S1": -23.0, "S2": -29.0}, abs=0.1)


def test_who_is_not_heard_is_left_out(script: Script, recording: Recording):
    """A speaker of silence, or of less than 400 ms, has no loudness."""
    lines = recording.lines
    short = recording.model_copy(update={"lines": (lines[0], lines[1].model_copy(update={"end_s": 2.2}), lines[2])})
    assert set(speakers_lufs(script, short, np.full(120, 0.01))) == {"S1"}
    assert speakers_lufs(script, recording, np.zeros(120)) == {}
