"""Where somebody speaks."""

import numpy as np
import pytest
import soxr

from podmill.verification.transcriber import SAMPLE_RATE_HZ
from podmill.verification.voicing import share, touches, voiced
from tests.golden import hearing


def test_speech_is_told_from_silence_and_noise():
    """Of a line, three seconds of loud noise, and a line: the two lines, and less than a second around them."""
    line = soxr.resample(hearing.say("Two hundred steps lead up to the lamp."), hearing.RATE_HZ, SAMPLE_RATE_HZ)
    length_s = len(line) / SAMPLE_RATE_HZ
    noise = np.random.default_rng(1).standard_normal(3 * SAMPLE_RATE_HZ, dtype=np.float32) * np.float32(0.05)

    spans = voiced(np.concatenate([line, noise, line]))

    assert share(0, length_s, spans) > 0.9
    assert share(length_s + 1, length_s + 2.5, spans) == 0
    assert share(length_s + 3, 2 * length_s + 3, spans) > 0.9


def test_nobody_speaks_in_silence():
    """Digital silence, and none at all."""
    assert voiced(np.zeros(SAMPLE_RATE_HZ, np.float32)) == []
    assert voiced(np.zeros(0, np.float32)) == []


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"), [(0, 1, 0.0), (1, 3, 0.5), (2, 3, 1.0), (2.5, 5.5, 2 / 3), (3, 3, 0.0)]
)
def test_shares_by_hand(start_s, end_s, expected):
    """Of two spans."""
    assert share(start_s, end_s, [(2, 3.5), (4.5, 6)]) == pytest.approx(expected)


def test_a_moment_touches_the_span_it_is_in():
    """Words of no length come from transcribers."""
    assert touches(2, 2, [(1, 3)])
    assert not touches(4, 4, [(1, 3)])
