"""Speech is measured in pieces as it is whole, and voices meet where none of their peaks is clipped."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.speech.level import (
    GAIN_MAX_DB,
    LOUDNESS_LUFS,
    LOUDNESS_MIN_LUFS,
    METERED,
    PEAK_MAX,
    Level,
    loudness_lufs,
    meeting_gains,
)
from tests.golden.sounds import speech_like

LOW, HIGH, THIRD = ("take", "S1"), ("take", "S2"), ("other take", "S1")


def at(loudness: float, peak_over_db: float = 15.0) -> Level:
    return Level(loudness, 10 ** ((loudness + peak_over_db) / 20))


def met(levels: dict[tuple[str, str], Level]) -> dict[tuple[str, str], float]:
    """Loudness of each once its gain is applied, in LUFS."""
    gains = meeting_gains(levels)
    return {voice: level.loudness_lufs + 20 * math.log10(gains[voice]) for voice, level in levels.items()}


def test_pieces_are_one_sound():
    """However a sound is cut, its loudness and peak are those of the whole."""
    sound = speech_like(8)[:, 0]
    level = Level.measure(np.split(sound, [0, 10, 30_000, 30_000, 200_000]))
    assert level.loudness_lufs == pytest.approx(loudness_lufs(sound), abs=1e-6)
    assert level.peak == np.abs(sound).max()


def test_what_is_longer_has_the_mean_of_its_parts():
    """Of more than a window the loudness is within 0.3 LU of what the meter says of the whole."""
    sound = np.tile(speech_like(10)[:, 0], 5 * METERED // (2 * 441_000) + 1)
    level = Level.measure(np.array_split(sound, 40))
    assert level.loudness_lufs == pytest.approx(loudness_lufs(sound), abs=0.3)


def test_silence_and_nothing():
    """Neither has a loudness, and neither is an error."""
    assert Level.measure([np.zeros(100_000, np.float32)]) == Level(-math.inf, 0.0)
    assert Level.measure([]) == Level(-math.inf, 0.0)


def test_voices_meet():
    """Voices 8 LU apart come to the level of all takes."""
    assert met({LOW: at(-30.0), HIGH: at(-22.0), THIRD: at(-23.0)}) == pytest.approx(
        {LOW: LOUDNESS_LUFS, HIGH: LOUDNESS_LUFS, THIRD: LOUDNESS_LUFS}
    )


def test_all_go_down_with_the_one_that_has_the_highest_peaks():
    """A voice whose peaks forbid the level of the others takes them down with it: nobody is clipped, and they meet."""
    levels = {LOW: at(-28.0, 27.0), HIGH: at(-23.0)}
    assert met(levels) == pytest.approx({LOW: -28.0, HIGH: -28.0})


def test_not_below_a_limit():
    """A click does not silence the episode: the others stay at the lowest level there is, and it stays below."""
    found = met({LOW: at(-45.0, 44.0), HIGH: at(-23.0)})
    assert found == pytest.approx({LOW: -45.0, HIGH: LOUDNESS_MIN_LUFS})


def test_gains_are_bounded():
    """What is almost silent is not drawn up out of its noise, and silence is left as it is."""
    gains = meeting_gains({LOW: at(-50.0), HIGH: Level(-math.inf, 0.0)})
    assert gains[LOW] == pytest.approx(10 ** (GAIN_MAX_DB / 20))
    assert gains[HIGH] == 1


@given(st.lists(st.tuples(st.floats(-38, -12), st.floats(5, 26)), min_size=2, max_size=6))
def test_nothing_is_ever_clipped_and_all_meet(voices: list[tuple[float, float]]):
    """Whatever the voices, no peak goes over -1 dBFS; and those that need no more than the greatest gain meet."""
    levels = {("take", str(number)): at(*voice) for number, voice in enumerate(voices)}
    gains = meeting_gains(levels)
    assert all(levels[voice].peak * gains[voice] <= PEAK_MAX * (1 + 1e-9) for voice in levels)
    found = [lufs for voice, lufs in met(levels).items() if abs(20 * math.log10(gains[voice])) < GAIN_MAX_DB - 1e-6]
    assert not found or max(found) - min(found) < 1e-6
