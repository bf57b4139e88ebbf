"""The limiter keeps the ceiling, lands on the target, and moves smoothly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podmill.errors import MasteringError
from podmill.mastering.limiter import (
    CHUNK,
    CHUNK_HOPS,
    LOOKAHEAD_HOPS,
    RELEASE_DB_PER_HOP,
    Hops,
    Overshoot,
    Profile,
    limited,
)
from podmill.mastering.meter import HOP, Meter
from tests.golden.sounds import Sound, sine, speech_like


def blocks(sound: Sound) -> list[Sound]:
    return [sound[first : first + CHUNK] for first in range(0, len(sound), CHUNK)]


def measured(parts: list[Sound]) -> Meter:
    meter = Meter(44_100, parts[0].shape[1])
    for part in parts:
        meter.push(part)
    return meter


def limiting_db_of(profile: Profile, gain_db: float, ceiling_dbtp: float) -> Hops:
    """All the limiter does to a sound, in one piece."""
    return np.concatenate(list(profile.reductions_db(gain_db, ceiling_dbtp)))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("target_lufs", "ceiling_dbtp"), [(-16.0, -1.5), (-14.0, -1.0), (-23.0, -3.0)])
def test_lands_on_target_under_the_ceiling(seed: int, target_lufs: float, ceiling_dbtp: float):
    """The gain solved on the profile gives the loudness when really applied, and no true peak over the ceiling."""
    sound = speech_like(10, seed=seed)
    profile = Profile.measure(blocks(sound), 1)
    gain_db = profile.gain_for(target_lufs, ceiling_dbtp)
    meter = measured(list(limited(blocks(sound), profile.reductions_db(gain_db, ceiling_dbtp), gain_db)))
    assert meter.frames == len(sound)
    assert meter.loudness_lufs == pytest.approx(target_lufs, abs=0.02)
    assert meter.true_peak_dbtp <= ceiling_dbtp + 0.02


def noise(*levels_lufs: float, seconds_each: float) -> Sound:
    """One channel of noise whose loudness goes through some levels."""
    frames = round(seconds_each * 44_100)
    white = np.random.default_rng(3).normal(0, 1, (frames * len(levels_lufs), 1))
    unit_lufs = measured([white.astype(np.float32)]).loudness_lufs
    gains = 10 ** ((np.array(levels_lufs) - unit_lufs) / 20)
    return (white * np.repeat(gains, frames)[:, None]).astype(np.float32)


@pytest.mark.parametrize(
    ("sound", "target_lufs"),
    [
        pytest.param(noise(-10, -23, -65, seconds_each=10), -20.0, id="three levels"),
        pytest.param(noise(-8, -21, -58, seconds_each=4), -23.0, id="other levels"),
        pytest.param(noise(*np.linspace(-20, -75, 300), seconds_each=0.1), -40.0, id="a decay"),
        pytest.param(noise(*np.linspace(-20, -75, 300), seconds_each=0.1), -30.0, id="a decay, not so far down"),
    ],
)
def test_gates_move_when_a_sound_is_turned_down(sound: Sound, target_lufs: float):
    """Where quiet parts fall under the absolute gate, what is left counts as louder: the gain goes down as far as the
    target needs."""
    profile = Profile.measure(blocks(sound), 1)
    gain_db = profile.gain_for(target_lufs, -1.0)
    assert gain_db < target_lufs - profile.loudness_lufs + 0.01
    meter = measured(list(limited(blocks(sound), profile.reductions_db(gain_db, -1.0), gain_db)))
    assert meter.loudness_lufs == pytest.approx(target_lufs, abs=0.02)


def test_nothing_to_limit_is_a_plain_gain():
    """A sound whose peaks stay below the ceiling is only made louder, to the bit the same at every point."""
    sound = sine(-30, 4, sample_rate_hz=44_100, channels=1)
    profile = Profile.measure(blocks(sound), 1)
    gain_db = profile.gain_for(-20.0, -1.0)
    limiting_db = limiting_db_of(profile, gain_db, -1.0)
    assert not limiting_db.any()
    done = np.concatenate(list(limited(blocks(sound), profile.reductions_db(gain_db, -1.0), gain_db)))
    assert done == pytest.approx(sound * 10 ** (gain_db / 20), abs=1e-6)


def peak_at(hop: int, hops: int = 400) -> Profile:
    peaks = np.full(hops, -40, np.float32)
    peaks[hop] = 0
    return Profile(peaks, np.ones(hops, np.float32))


@pytest.mark.parametrize("hop", [0, 1, 200, 399])
def test_full_reduction_at_the_peak_and_none_before_the_look_ahead(hop: int):
    """The gain is down by the whole excess at the peak, and untouched until the look-ahead begins."""
    limiting_db = limiting_db_of(peak_at(hop), 0.0, -6.0)
    assert limiting_db[hop] == pytest.approx(6.0, abs=1e-3)
    assert not limiting_db[: max(0, hop - 2 * LOOKAHEAD_HOPS)].any()


def test_release_is_even():
    """After a peak the gain comes back by the same small amount every hop, and completely."""
    limiting_db = limiting_db_of(peak_at(100), 0.0, -6.0)
    after = limiting_db[100 + LOOKAHEAD_HOPS : 100 + 50]
    assert np.diff(after) == pytest.approx(np.full(len(after) - 1, -RELEASE_DB_PER_HOP), abs=1e-3)
    assert limiting_db[-1] == 0


@given(st.integers(-LOOKAHEAD_HOPS - 2, LOOKAHEAD_HOPS + 2), st.floats(0.5, 12))
@settings(max_examples=30, deadline=None)
def test_the_seam_between_chunks_does_not_show(offset: int, over_db: float):
    """A peak at the edge of a chunk is limited just as one in the middle of a chunk."""
    span = 40
    at_edge = limiting_db_of(peak_at(CHUNK_HOPS + offset, 3 * CHUNK_HOPS), 0.0, -over_db)
    in_middle = limiting_db_of(peak_at(CHUNK_HOPS // 2, CHUNK_HOPS), 0.0, -over_db)
    here, there = CHUNK_HOPS + offset, CHUNK_HOPS // 2
    assert at_edge[here - span : here + span] == pytest.approx(in_middle[there - span : there + span], abs=1e-3)


@given(st.lists(st.floats(-60, 6, width=32), min_size=1, max_size=3 * CHUNK_HOPS // 100), st.floats(0, 20))
@settings(max_examples=50, deadline=None)
def test_no_peak_is_ever_over(peaks: list[float], gain_db: float):
    """Whatever the peaks, each is brought down at least to the ceiling."""
    levels = np.repeat(np.array(peaks, np.float32), 100)
    profile = Profile(levels, np.ones(len(levels), np.float32))
    assert (levels + gain_db - limiting_db_of(profile, gain_db, -1.0)).max() <= -1.0 + 2e-3


@pytest.mark.parametrize("hop", [200, CHUNK_HOPS - 1, CHUNK_HOPS, CHUNK_HOPS + 1])
def test_gain_moves_without_steps(hop: int):
    """The gain is that of a hop in its middle, and moves in a straight line from one to the next: no clicks."""
    hops = 2 * CHUNK_HOPS
    sound = np.full((HOP * hops, 1), 0.01, np.float32)
    profile = peak_at(hop, hops)
    limiting_db = limiting_db_of(profile, 0.0, -12.0)
    gains = np.concatenate(list(limited(blocks(sound), profile.reductions_db(0.0, -12.0), 0.0)))[:, 0] / np.float32(
        0.01
    )
    assert gains[HOP // 2 :: HOP] == pytest.approx(10 ** (-limiting_db / 20), abs=0.01)
    steepest = (1 - 10 ** (-12.0 / LOOKAHEAD_HOPS / 20)) / HOP
    assert np.abs(np.diff(gains)).max() < 1.1 * steepest


def test_held_down_where_the_encoder_went_over():
    """Only where an encoder's peaks were over the ceiling is the next round limited harder, by as much."""
    profile = peak_at(100)
    before = profile.peaks_db.copy()
    profile.hold_down(Overshoot(np.array([300, 301]), np.array([1.0, 0.5], np.float32)), -1.0)
    assert list(np.flatnonzero(profile.peaks_db != before)) == [300]
    assert profile.peaks_db[300] - before[300] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_is_refused(level: float):
    """Silence, and noise as good as silence, is an error that says so."""
    noise = np.random.default_rng(1).normal(0, level, (44_100 * 2, 1)).astype(np.float32)
    with pytest.raises(MasteringError, match="silent"):
        Profile.measure(blocks(noise), 1).gain_for(-16.0, -1.0)


@pytest.mark.parametrize("frames", [0, 1, 17_000])
def test_too_short_to_have_a_loudness(frames: int):
    """Less than the 400 ms of a gating block is refused as such, and not as silence."""
    sound = np.full((frames, 1), 0.1, np.float32)
    with pytest.raises(MasteringError, match=rf"lasts {frames / 44_100:.2f} s, which is too short"):
        Profile.measure(blocks(sound), 1).gain_for(-16.0, -1.0)


@pytest.mark.parametrize("damage", [np.nan, np.inf, -32_768.0])
def test_what_is_no_number_is_damage(damage: float):
    """A file of floating point may hold anything; it is refused as damaged."""
    sound = speech_like(1)
    sound[20_000] = damage
    with pytest.raises(MasteringError, match="no numbers, or far beyond full scale"):
        Profile.measure(blocks(sound), 1)


def test_both_ears_are_limited_alike():
    """A peak in one channel turns both down by the same gain: what is in the middle stays there."""
    left = speech_like(4, seed=1)
    right = 0.2 * speech_like(4, seed=2) + 0.001
    sound = np.hstack([left, right])
    profile = Profile.measure(blocks(sound), 2)
    gain_db = profile.gain_for(-14.0, -1.0)
    done = np.concatenate(list(limited(blocks(sound), profile.reductions_db(gain_db, -1.0), gain_db)))
    heard = np.abs(sound).min(axis=1) > 1e-4
    gains = done[heard] / sound[heard]
    assert gains.min() < 0.9 * gains.max()
    assert np.allclose(gains[:, 0], gains[:, 1], rtol=1e-4)
    assert measured([done]).true_peak_dbtp <= -1.0 + 0.02


WORD_S, GAP_S = 0.35, 0.25
"""Of a word, and of the pause after it."""


def words(levels_db: list[float]) -> Sound:
    """Words of different levels over a hum that is always the same, at -50 dBFS."""
    period = round((WORD_S + GAP_S) * 44_100)
    time = np.arange(period * len(levels_db)) / 44_100
    strength = np.repeat(10 ** (np.array(levels_db) / 20), period) * (np.arange(len(time)) % period < WORD_S * 44_100)
    hum = 10 ** (-50 / 20) * np.sin(2 * np.pi * 3000 * time)
    return (strength * np.sin(2 * np.pi * 200 * time) + hum).astype(np.float32)[:, None]


def test_nothing_pumps_between_words():
    """From 100 ms after any word on, what is heard in its pause is as loud as in every other, within 0.1 dB."""
    levels_db = [-18.0, 0.0, -12.0, -1.0, -18.0, -3.0, 0.0, -18.0, -6.0, -18.0]
    sound = words(levels_db)
    profile = Profile.measure(blocks(sound), 1)
    limiting_db = limiting_db_of(profile, 6.0, -1.0)
    assert limiting_db.max() > 5
    done = np.concatenate(list(limited(blocks(sound), profile.reductions_db(6.0, -1.0), 6.0)))
    period, late = round((WORD_S + GAP_S) * 44_100), round((WORD_S + 0.1) * 44_100)
    pauses = [done[number * period + late : (number + 1) * period - 500] for number in range(len(levels_db))]
    in_pauses_db = 20 * np.log10([np.std(pause) for pause in pauses])
    assert np.ptp(in_pauses_db) < 0.1


def test_a_modulated_tone_is_not_followed():
    """Where a loud tone swells four times a second below the ceiling, the limiter does nothing at all; where its crests
    are 3 dB over, the gain moves by no more than those 3 dB, and comes back at no more than 70 dB a second."""
    time = np.arange(5 * 44_100) / 44_100
    tone = (0.5 + 0.25 * np.sin(2 * np.pi * 4 * time)) * np.sin(2 * np.pi * 440 * time)
    profile = Profile.measure(blocks(tone.astype(np.float32)[:, None]), 1)
    crest_db = 20 * np.log10(0.75)
    assert not limiting_db_of(profile, -1.1 - crest_db, -1.0).any()
    limiting_db = limiting_db_of(profile, 2.0 - crest_db, -1.0)
    assert limiting_db.max() == pytest.approx(3.0, abs=0.1)
    assert limiting_db.min() == 0
    assert np.diff(limiting_db).min() >= -RELEASE_DB_PER_HOP - 1e-4


@pytest.mark.parametrize("frequency_hz", [55, 110, 440, 3000])
def test_a_steady_tone_is_held_steadily(frequency_hz: int):
    """A tone 6 dB over the ceiling is turned down by 6 dB; from 110 Hz up the gain then moves by less than 0.5 dB, and
    by less than 1.5 dB at 55 Hz, the lowest of voices: nothing rasps."""
    tone = sine(0, 2, sample_rate_hz=44_100, frequency_hz=frequency_hz, channels=1)
    limiting_db = limiting_db_of(Profile.measure(blocks(tone), 1), 5.0, -1.0)[100:-100]
    assert limiting_db.max() == pytest.approx(6.0, abs=0.1)
    assert np.ptp(limiting_db) < (0.5 if frequency_hz >= 110 else 1.5)


def test_clicks_in_near_silence_are_refused():
    """What could only reach the target by being crushed is an error, not a distorted episode."""
    sound = np.random.default_rng(1).normal(0, 0.0003, (44_100 * 4, 1)).astype(np.float32)
    sound[::22_050] = 0.9
    with pytest.raises(MasteringError, match="cannot reach -16 LUFS"):
        Profile.measure(blocks(sound), 1).gain_for(-16.0, -1.0)
