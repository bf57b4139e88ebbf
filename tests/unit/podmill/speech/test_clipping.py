"""Sound that was cut off at the top, told before anything is done to it."""

import numpy as np
import pytest

from podmill.speech.clipping import FLAT_SAMPLES, clipped_s
from tests.golden.murmur import LOW, murmur

RATE_HZ = 24_000
TIME = np.arange(RATE_HZ) / RATE_HZ


def sixteen_bits(sound: np.ndarray) -> np.ndarray:
    return (np.round(np.clip(sound, -1, 1) * 32767) / 32767).astype(np.float32)


@pytest.mark.parametrize("ceiling", [1.0, 0.7])
def test_both_tops_of_every_wave_are_found(ceiling: float) -> None:
    """At full scale, and where sound that was cut off was made softer afterwards."""
    wave = ceiling * np.clip(3 * np.sin(2 * np.pi * 10 * TIME), -1, 1)

    found = clipped_s([sixteen_bits(wave)], RATE_HZ)

    assert len(found) == 20
    assert np.diff(found) == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("hz", [60.0, 110.0, 440.0])
@pytest.mark.parametrize("peak", [0.6, 1.0])
def test_a_wave_that_fits_is_not_cut_off(hz: float, peak: float) -> None:
    """A crest is round, however deep the voice; one that touches full scale may."""
    assert not len(clipped_s([sixteen_bits(peak * 0.9985 * np.sin(2 * np.pi * hz * TIME))], RATE_HZ))


def test_a_voice_is_not_cut_off() -> None:
    """At a level no engine goes beyond, and silence either."""
    loud = murmur(LOW, 3.0, rate_hz=RATE_HZ)

    assert not len(clipped_s([sixteen_bits(0.99 * loud / np.abs(loud).max()), np.zeros(RATE_HZ)], RATE_HZ))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 1000])
def test_blocks_make_no_difference(size: int) -> None:
    """A top that reaches over the border of two is counted once."""
    wave = sixteen_bits(np.clip(1.2 * np.sin(2 * np.pi * 300 * TIME[:4000]), -1, 1))
    whole = clipped_s([wave], RATE_HZ)

    cut = clipped_s([wave[at : at + size] for at in range(0, len(wave), size)], RATE_HZ)

    assert len(whole) > 50
    np.testing.assert_array_equal(cut, whole)


def test_a_few_samples_at_full_scale_are_none() -> None:
    """A peak may just fit."""
    wave = np.zeros(100, np.float32)
    wave[50 : 50 + FLAT_SAMPLES - 1] = 1.0

    assert not len(clipped_s([wave], RATE_HZ))
