"""The cases of EBU Tech 3341 (table 1) that a meter of mono and stereo must read, with tolerances.

The sounds are made as the document describes them. Not here are case 6, which has five channels (nothing that is
measured has more than two), and cases 7 and 8, which are recordings that are not free to be shipped.
"""

from collections.abc import Callable

import numpy as np
from scipy.signal import resample_poly

from tests.golden.sounds import Sound, sine

LOUDNESS_TOLERANCE_LU = 0.1
PEAK_TOLERANCE_DB = (-0.4, 0.2)


def _levels(*parts: tuple[float, float]) -> Sound:
    return np.concatenate([sine(level_dbfs, duration_s) for level_dbfs, duration_s in parts])


LOUDNESS: dict[str, tuple[Callable[[], Sound], float]] = {
    "1: a steady tone": (lambda: _levels((-23, 20)), -23.0),
    "2: ten decibels lower": (lambda: _levels((-33, 20)), -33.0),
    "3: quiet ends fall under the relative gate": (lambda: _levels((-36, 10), (-23, 60), (-36, 10)), -23.0),
    "4: quieter ends fall under the absolute gate": (
        lambda: _levels((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)),
        -23.0,
    ),
    "5: blocks overlap": (lambda: _levels((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
}


def _segment(silence_s: float, level_dbfs: float, tone_s: float, after_s: float) -> Sound:
    return np.concatenate([sine(-np.inf, silence_s), sine(level_dbfs, tone_s), sine(-np.inf, after_s)])


STEADY: dict[str, tuple[Callable[[], Sound], float]] = {
    "9: short-term, a pattern of 3 s": (lambda: _levels(*[(-20, 1.34), (-30, 1.66)] * 5), 3.0),
    "12: momentary, a pattern of 400 ms": (lambda: _levels(*[(-20, 0.18), (-30, 0.22)] * 25), 0.4),
}
"""Sounds whose loudness is -23 LUFS in every window of so many seconds."""
MAXIMA: dict[str, tuple[Callable[[int], Sound], Callable[[int], float], float]] = {
    "10: short-term, of a file": (lambda i: _segment(0.15 * i, -23, 3, 1), lambda _: -23.0, 3.0),
    "11: short-term, live": (lambda i: _segment(0.15 * i, -38 + i, 3, 3 - 0.15 * i), lambda i: -38.0 + i, 3.0),
    "13: momentary, of a file": (lambda i: _segment(0.02 * i, -23, 0.4, 1), lambda _: -23.0, 0.4),
    "14: momentary, live": (lambda i: _segment(0.02 * i, -38 + i, 0.4, 0.4 - 0.02 * i), lambda i: -38.0 + i, 0.4),
}
"""Segment 0 to 19 of each, its maximum, and that of windows of how many seconds. Live, they follow one another."""
SEGMENTS = range(20)


def _tone(divisor: int, crest: float, phase_degrees: float) -> Sound:
    """A tone at a fraction of the sample rate, faded in and out so that only its own peaks count."""
    tone = sine(20 * np.log10(crest), 1.0, frequency_hz=48_000 / divisor, phase_degrees=phase_degrees)
    fade = np.minimum(1, np.minimum(np.arange(len(tone)), np.arange(len(tone))[::-1]) / 4800)
    return (tone * fade[:, None]).astype(np.float32)


def _burst(offset: int) -> Sound:
    """A tone at a sixth of the rate with one period of full scale, laid out at four times the rate from ``offset``."""
    fine = 0.5 * np.sin(2 * np.pi * np.arange(4 * 48_000) / 24)
    fine[96_000:96_024] *= 2
    coarse = resample_poly(np.roll(fine, offset), 1, 4).astype(np.float32)
    fade = np.minimum(1, np.minimum(np.arange(len(coarse)), np.arange(len(coarse))[::-1]) / 4800)
    return np.repeat((coarse * fade).astype(np.float32)[:, None], 2, axis=1)


TRUE_PEAK: dict[str, tuple[Callable[[], Sound], float]] = {
    "15: fs/4, peaks on samples": (lambda: _tone(4, 0.5, 0.0), -6.0),
    "16: fs/4, peaks between samples": (lambda: _tone(4, 0.5, 45.0), -6.0),
    "17: fs/6": (lambda: _tone(6, 0.5, 60.0), -6.0),
    "18: fs/8": (lambda: _tone(8, 0.5, 67.5), -6.0),
    "19: over full scale between samples": (lambda: _tone(4, 1.41, 45.0), 3.0),
    "20: a burst on the grid": (lambda: _burst(0), 0.0),
    "21: a quarter sample late": (lambda: _burst(1), 0.0),
    "22: half a sample late": (lambda: _burst(2), 0.0),
    "23: three quarters late": (lambda: _burst(3), 0.0),
}
