"""Music under and between lines: down in time, up again, and still in between."""

import numpy as np
import pytest

from models.sound import Ducking
from podmill.mastering.ducking import Duck, Spoken
from podmill.mastering.levels import STEP, Levels
from podmill.mastering.source import SAMPLE_RATE_HZ as RATE_HZ

LUFS = -23.0
MUSIC = Levels(RATE_HZ * 10, np.full(100, 10 ** ((-20 + 0.691) / 10)), -20.0)
"""Steady, at -20 LUFS."""


def lines(*spans: tuple[float, float], lufs: float = LUFS) -> list[Spoken]:
    return [Spoken(round(start_s * RATE_HZ), round(end_s * RATE_HZ), lufs) for start_s, end_s in spans]


def levels_lufs(duck: Duck, level_lu: float, times_s: list[float]) -> list[float]:
    """Of the music, as it is heard at some times."""
    gains = duck.gain(MUSIC, level_lu)(np.array(times_s) * RATE_HZ)
    return [round(-20 + 20 * float(np.log10(gain)), 3) for gain in gains]


def test_down_before_a_word_up_after_it():
    """Free until the attack, wholly down at the first and the last frame of a line, free again a release after it."""
    duck = Duck(lines((5.0, 8.0)), LUFS, Ducking(below_lu=20, attack_s=0.5, release_s=1.0))
    heard = levels_lufs(duck, -6, [0, 4.5, 4.75, 5.0, 6.5, 8.0, 8.5, 9.0, 20])
    assert heard == [-29, -29, -36, -43, -43, -43, -36, -29, -29]


def test_short_pauses_do_not_pump():
    """Within ``hold_s`` nothing moves at all; in a longer pause it comes up and is down again in time."""
    how = Ducking(attack_s=0.3, release_s=0.5, hold_s=1.0)
    duck = Duck(lines((1.0, 2.0), (2.9, 4.0), (6.0, 7.0)), LUFS, how)
    still = duck.gain(MUSIC, 0)(np.arange(1.0, 4.0, 0.001) * RATE_HZ)
    assert np.ptp(20 * np.log10(still)) == pytest.approx(0, abs=1e-9)
    assert levels_lufs(duck, 0, [4.5, 5.7, 6.0]) == [-23, -23, -43]


def test_a_hold_is_no_shorter_than_its_ramps():
    """Down and up need their time: a pause that is shorter than both is none."""
    duck = Duck(lines((1.0, 2.0), (3.0, 4.0)), LUFS, Ducking(attack_s=0.9, release_s=0.9, hold_s=0))
    assert levels_lufs(duck, 0, [2.5]) == [-43]


def test_a_quiet_line_gets_quieter_music():
    """The distance is to the line that is spoken, not to the loudest."""
    spoken = [*lines((1.0, 2.0)), *lines((2.2, 3.0), lufs=LUFS - 7)]
    assert levels_lufs(Duck(spoken, LUFS, Ducking(below_lu=15)), 0, [1.5, 2.6]) == [-38, -45]


def test_music_that_is_quiet_enough_is_left_alone():
    """Set lower than the distance asked for, it never moves."""
    duck = Duck(lines((1.0, 2.0)), LUFS, Ducking(below_lu=15))
    assert levels_lufs(duck, -30, [0.0, 1.5, 9.0]) == [-53, -53, -53]


def test_lines_that_overlap_are_one():
    """Two who speak at once hold it down until both are done."""
    duck = Duck(lines((1.0, 4.0), (2.0, 3.0), (3.5, 5.0)), LUFS, Ducking())
    assert levels_lufs(duck, 0, [1.0, 3.2, 4.5, 5.0]) == [-43, -43, -43, -43]


def test_the_loudest_moment_counts():
    """Of uneven music the loudest 400 ms are kept below, not its average."""
    energies = MUSIC.energies.copy()
    energies[40:44] *= 100
    uneven = Levels(STEP * 100, energies, 0.0)
    duck = Duck(lines((1.0, 2.0)), LUFS, Ducking(below_lu=20))
    gain_db = 20 * np.log10(duck.gain(uneven, 0)(np.array([1.5 * RATE_HZ])))[0]
    assert gain_db == pytest.approx(LUFS - 20 - 0.0, abs=0.01)


def test_without_a_line_music_is_free():
    """Nothing to make room for."""
    assert levels_lufs(Duck([], LUFS, Ducking()), -6, [0.0, 9.0]) == [-29, -29]
