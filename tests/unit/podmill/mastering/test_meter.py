"""The meter reads what EBU Tech 3341 says, what pyloudnorm reads, and the same in any blocks."""

import math

import numpy as np
import pyloudnorm
import pytest

from podmill.mastering.meter import HOP, MOMENTARY_S, Meter, TruePeak, sliding_lufs
from tests.golden import ebu_tech_3342
from tests.golden.ebu_tech_3341 import (
    LOUDNESS,
    LOUDNESS_TOLERANCE_LU,
    MAXIMA,
    PEAK_TOLERANCE_DB,
    SEGMENTS,
    STEADY,
    TRUE_PEAK,
)
from tests.golden.sounds import Sound, sine, speech_like


def measured(sound: Sound, sample_rate_hz: int, block: int = 10_000) -> Meter:
    meter = Meter(sample_rate_hz, sound.shape[1])
    for first in range(0, len(sound), block):
        meter.push(sound[first : first + block])
    return meter


@pytest.mark.parametrize("case", LOUDNESS)
def test_ebu_loudness_cases(case: str):
    """Each loudness case of Tech 3341 is read within its tolerance."""
    make, expected_lufs = LOUDNESS[case]
    assert measured(make(), 48_000).loudness_lufs == pytest.approx(expected_lufs, abs=LOUDNESS_TOLERANCE_LU)


@pytest.mark.parametrize("case", STEADY)
def test_ebu_steady_cases(case: str):
    """Patterns as long as the window are as loud in every window, from the first on."""
    make, window_s = STEADY[case]
    heard = sliding_lufs(measured(make(), 48_000).fine_energies, window_s)
    assert len(heard) > 100
    assert heard == pytest.approx(np.full(len(heard), -23.0), abs=LOUDNESS_TOLERANCE_LU)


@pytest.mark.parametrize("case", MAXIMA)
def test_ebu_maxima_cases(case: str):
    """The loudest window of each tone is found, wherever it begins; live, after the tones before it too."""
    make, expected_lufs, window_s = MAXIMA[case]
    meter = Meter(48_000, 2)
    for segment in SEGMENTS:
        if "file" in case:
            meter = Meter(48_000, 2)
        meter.push(make(segment))
        found_lufs = meter.momentary_max_lufs if window_s == MOMENTARY_S else meter.short_term_max_lufs
        assert found_lufs == pytest.approx(expected_lufs(segment), abs=LOUDNESS_TOLERANCE_LU), segment


@pytest.mark.parametrize("sound", [np.zeros((0, 1)), np.zeros((48_000 * 4, 1)), np.ones((9_000, 1))])
def test_no_maxima_of_nothing(sound: Sound):
    """Silence has none, nor what is shorter than a window: minus infinity, no error."""
    meter = measured(sound.astype(np.float32), 48_000)
    assert meter.momentary_max_lufs == meter.short_term_max_lufs == -math.inf


@pytest.mark.parametrize("case", TRUE_PEAK)
def test_ebu_true_peak_cases(case: str):
    """Each true-peak case of Tech 3341 is read within its tolerance."""
    make, expected_dbtp = TRUE_PEAK[case]
    low, high = PEAK_TOLERANCE_DB
    assert low <= measured(make(), 48_000).true_peak_dbtp - expected_dbtp <= high


@pytest.mark.parametrize("case", ebu_tech_3342.RANGES)
def test_ebu_loudness_range_cases(case: str):
    """Each case of Tech 3342 that is made of tones is read within its tolerance."""
    make, expected_lu = ebu_tech_3342.RANGES[case]
    assert measured(make(), 48_000).loudness_range_lu == pytest.approx(expected_lu, abs=ebu_tech_3342.TOLERANCE_LU)


@pytest.mark.parametrize("duration_s", [0.0, 2.9])
def test_too_short_for_a_range(duration_s: float):
    """Less than the 3 s that a range is made of has none: 0, no error."""
    assert measured(sine(-20, duration_s), 48_000).loudness_range_lu == 0


def test_silence_has_no_range():
    """Nor has silence."""
    assert measured(np.zeros((48_000 * 4, 1), np.float32), 48_000).loudness_range_lu == 0


@pytest.mark.parametrize("frame", [0, HOP - 1, HOP, 20 * HOP + 17])
def test_a_peak_is_told_of_its_own_hop(frame: int):
    """The peaks of the hops are in step with the sound: a sample counts in the hop it lies in."""
    sound = np.zeros((30 * HOP, 2), np.float32)
    sound[frame, 1] = -0.5
    meter = TruePeak(2)
    peaks = np.concatenate([meter.push(sound), meter.rest()])
    assert len(peaks) == 30
    assert peaks.argmax() == frame // HOP
    assert peaks.max() == pytest.approx(0.5, abs=0.001)


def test_mono_is_one_channel():
    """A mono tone reads 3.01 LU less than the same tone in both channels of a stereo file."""
    mono = measured(sine(-23, 5, channels=1), 48_000).loudness_lufs
    stereo = measured(sine(-23, 5), 48_000).loudness_lufs
    assert stereo - mono == pytest.approx(10 * math.log10(2), abs=1e-6)


@pytest.mark.parametrize("sample_rate_hz", [11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_997_hz_reads_the_same_at_any_rate(sample_rate_hz: int):
    """A full-scale 997 Hz sine in one channel reads -3.01 LUFS (BS.1770-4), whatever the sample rate."""
    sound = sine(0, 3, sample_rate_hz=sample_rate_hz, frequency_hz=997, channels=1)
    assert measured(sound, sample_rate_hz).loudness_lufs == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agrees_with_pyloudnorm(seed: int):
    """On short speech-like sound the meter and pyloudnorm are within 0.1 LU of each other."""
    sound = speech_like(8, seed=seed)
    other = pyloudnorm.Meter(44_100).integrated_loudness(sound)
    assert measured(sound, 44_100).loudness_lufs == pytest.approx(other, abs=0.1)


@pytest.mark.parametrize("block", [1, 63, 4410, 100_000])
@pytest.mark.parametrize("sample_rate_hz", [11_025, 44_100])
def test_blocks_do_not_matter(block: int, sample_rate_hz: int):
    """However the sound is cut, loudness and true peak come out the same."""
    sound = speech_like(0.7, sample_rate_hz=sample_rate_hz)
    whole, cut = measured(sound, sample_rate_hz, len(sound)), measured(sound, sample_rate_hz, block)
    assert cut.frames == whole.frames == len(sound)
    assert cut.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=1e-9)
    assert cut.true_peak_dbtp == pytest.approx(whole.true_peak_dbtp, abs=1e-5)


def test_a_peak_in_the_last_frames_counts():
    """The peak between the last two samples is seen, although the interpolator looks ahead; asking changes nothing."""
    sound = np.zeros((1000, 1), np.float32)
    sound[-2:] = 0.7
    meter = measured(sound, 48_000)
    assert meter.true_peak_dbtp > 20 * math.log10(0.75)
    assert meter.true_peak_dbtp == meter.true_peak_dbtp


@pytest.mark.parametrize("sound", [np.zeros((0, 1)), np.zeros((48_000, 1)), np.ones((9_000, 1))])
def test_nothing_to_measure(sound: Sound):
    """Silence, and anything shorter than a gating block of 400 ms, has no loudness: minus infinity, no error."""
    assert measured(sound.astype(np.float32), 48_000).loudness_lufs == -math.inf


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_peaks_of_the_highest_notes_count(seed: int):
    """On noise up to 20 kHz the true peak is that of a perfect interpolation by Fourier transform, within 0.2 dB."""
    noise = np.random.default_rng(seed).normal(0, 0.1, (20_000, 1))
    spectrum = np.fft.rfft(noise, axis=0)
    spectrum[len(spectrum) * 20_000 // 22_050 :] = 0
    sound = np.fft.irfft(spectrum, axis=0)
    fine = np.fft.irfft(spectrum, 16 * len(sound), axis=0) * 16
    perfect_db = 20 * np.log10(np.abs(fine).max())
    assert measured(sound.astype(np.float32), 44_100).true_peak_dbtp == pytest.approx(perfect_db, abs=0.2)


def test_digital_silence_has_no_peak():
    """The true peak of zeros is minus infinity."""
    assert measured(np.zeros((1000, 2), np.float32), 48_000).true_peak_dbtp == -math.inf
