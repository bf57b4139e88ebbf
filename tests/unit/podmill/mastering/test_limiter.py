"""The limiter keeps the ceiling, lands on the target, and moves smoothly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podmill.errors import MasteringError
from podmill.mastering.limiter import CHUNK, CHUNK_HOPS, HOP, LOOKAHEAD_HOPS, RELEASE_DB_PER_HOP, Profile, limited
from podmill.mastering.meter import Meter
from tests.golden.sounds import Sound, sine, speech_like


def blocks(sound: Sound) -> list[Sound]:
    return [sound[first : first + CHUNK] for first in range(0, len(sound), CHUNK)]


def measured(parts: list[Sound]) -> Meter:
    meter = Meter(44_100, 1)
    for part in parts:
        meter.push(part)
    return meter


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("target_lufs", "ceiling_dbtp"), [(-16.0, -1.5), (-14.0, -1.0), (-23.0, -3.0)])
def test_lands_on_target_under_the_ceiling(seed: int, target_lufs: float, ceiling_dbtp: float):
    """The gain solved on the profile gives the loudness when really applied, and no true peak over the ceiling."""
    sound = speech_like(10, seed=seed)
    profile = Profile.measure(blocks(sound))
    gain_db = profile.gain_for(target_lufs, ceiling_dbtp)
    meter = measured(list(limited(blocks(sound), profile.limiting_db(gain_db, ceiling_dbtp), gain_db)))
    assert meter.frames == len(sound)
    assert meter.loudness_lufs == pytest.approx(target_lufs, abs=0.02)
    assert meter.true_peak_dbtp <= ceiling_dbtp + 0.02


def test_nothing_to_limit_is_a_plain_gain():
    """A sound whose peaks stay below the ceiling is only made louder, to the bit the same at every point."""
    sound = sine(-30, 4, sample_rate_hz=44_100, channels=1)
    profile = Profile.measure(blocks(sound))
    gain_db = profile.gain_for(-20.0, -1.0)
    limiting_db = profile.limiting_db(gain_db, -1.0)
    assert not limiting_db.any()
    done = np.concatenate(list(limited(blocks(sound), limiting_db, gain_db)))
    assert done == pytest.approx(sound * 10 ** (gain_db / 20), abs=1e-6)


def peak_at(hop: int, hops: int = 400) -> Profile:
    peaks = np.full(hops, -40, np.float32)
    peaks[hop] = 0
    return Profile(peaks, np.ones(hops, np.float32))


@pytest.mark.parametrize("hop", [0, 1, 200, 399])
def test_full_reduction_at_the_peak_and_none_before_the_look_ahead(hop: int):
    """The gain is down by the whole excess at the peak, and untouched until the look-ahead begins."""
    limiting_db = peak_at(hop).limiting_db(0.0, -6.0)
    assert limiting_db[hop] == pytest.approx(6.0, abs=1e-3)
    assert not limiting_db[: max(0, hop - 2 * LOOKAHEAD_HOPS)].any()


def test_release_is_even():
    """After a peak the gain comes back by the same small amount every hop, and completely."""
    limiting_db = peak_at(100).limiting_db(0.0, -6.0)
    after = limiting_db[100 + LOOKAHEAD_HOPS : 100 + 50]
    assert np.diff(after) == pytest.approx(np.full(len(after) - 1, -RELEASE_DB_PER_HOP), abs=1e-3)
    assert limiting_db[-1] == 0


@given(st.integers(-LOOKAHEAD_HOPS - 2, LOOKAHEAD_HOPS + 2), st.floats(0.5, 12))
@settings(max_examples=30, deadline=None)
def test_the_seam_between_chunks_does_not_show(offset: int, over_db: float):
    """A peak at the edge of a chunk is limited just as one in the middle of a chunk."""
    span = 40
    at_edge = peak_at(CHUNK_HOPS + offset, 3 * CHUNK_HOPS).limiting_db(0.0, -over_db)
    in_middle = peak_at(CHUNK_HOPS // 2, CHUNK_HOPS).limiting_db(0.0, -over_db)
    here, there = CHUNK_HOPS + offset, CHUNK_HOPS // 2
    assert at_edge[here - span : here + span] == pytest.approx(in_middle[there - span : there + span], abs=1e-3)


@given(st.lists(st.floats(-60, 6, width=32), min_size=1, max_size=3 * CHUNK_HOPS // 100), st.floats(0, 20))
@settings(max_examples=50, deadline=None)
def test_no_peak_is_ever_over(peaks: list[float], gain_db: float):
    """Whatever the peaks, each is brought down at least to the ceiling."""
    levels = np.repeat(np.array(peaks, np.float32), 100)
    profile = Profile(levels, np.ones(len(levels), np.float32))
    assert (levels + gain_db - profile.limiting_db(gain_db, -1.0)).max() <= -1.0 + 2e-3


@pytest.mark.parametrize("hop", [200, CHUNK_HOPS - 1, CHUNK_HOPS, CHUNK_HOPS + 1])
def test_gain_moves_without_steps(hop: int):
    """The gain is that of a hop in its middle, and moves in a straight line from one to the next: no clicks."""
    hops = 2 * CHUNK_HOPS
    sound = np.full((HOP * hops, 1), 0.01, np.float32)
    limiting_db = peak_at(hop, hops).limiting_db(0.0, -12.0)
    gains = np.concatenate(list(limited(blocks(sound), limiting_db, 0.0)))[:, 0] / np.float32(0.01)
    assert gains[HOP // 2 :: HOP] == pytest.approx(10 ** (-limiting_db / 20), abs=0.01)
    steepest = (1 - 10 ** (-12.0 / LOOKAHEAD_HOPS / 20)) / HOP
    assert np.abs(np.diff(gains)).max() < 1.1 * steepest


def test_held_down_where_the_encoder_went_over():
    """Only where an encoder's peaks were over the ceiling is the next round limited harder, by as much."""
    profile = peak_at(100)
    peaks = np.full(400, 0.1, np.float32)
    peaks[300] = 1.0
    held = profile.held_down(peaks, -1.0)
    changed = np.flatnonzero(held.peaks_db != profile.peaks_db)
    assert list(changed) == [299, 300, 301]
    assert held.peaks_db[300] - profile.peaks_db[300] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_is_refused(level: float):
    """Silence, and noise as good as silence, is an error that says so."""
    noise = np.random.default_rng(1).normal(0, level, (44_100 * 2, 1)).astype(np.float32)
    with pytest.raises(MasteringError, match="silent"):
        Profile.measure(blocks(noise)).gain_for(-16.0, -1.0)


def test_an_empty_recording_is_silent():
    """No sound at all is refused like silence."""
    with pytest.raises(MasteringError, match="silent"):
        Profile.measure([]).gain_for(-16.0, -1.0)


def test_clicks_in_near_silence_are_refused():
    """What could only reach the target by being crushed is an error, not a distorted episode."""
    sound = np.random.default_rng(1).normal(0, 0.0003, (44_100 * 4, 1)).astype(np.float32)
    sound[::22_050] = 0.9
    with pytest.raises(MasteringError, match="cannot reach -16 LUFS"):
        Profile.measure(blocks(sound)).gain_for(-16.0, -1.0)
