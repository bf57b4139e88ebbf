"""Rounds of encoding until the decoded MP3 is right."""

from pathlib import Path

import numpy as np
import pytest

from podmill.errors import LeaseLostError, MasteringError
from podmill.mastering import loudness
from podmill.mastering.loudness import Encoding
from tests.acceptance.second_meter import measured_by_ffmpeg
from tests.golden.sounds import Sound, flac, speech_like


def _silent(share: float, words: str) -> None:
    pass


def encoding(folder: Path, sound: Sound, *, bitrate_kbps: int = 96, sample_rate_hz: int = 44_100) -> Encoding:
    return Encoding(
        recording=flac(folder / "recording.flac", sound, sample_rate_hz),
        mp3=folder / "episode.mp3",
        duration_s=len(sound) / sample_rate_hz,
        target_lufs=-16.0,
        ceiling_dbtp=-1.0,
        bitrate_kbps=bitrate_kbps,
        progress=_silent,
    )


@pytest.mark.parametrize("bitrate_kbps", [32, 48, 64, 96, 128, 320])
def test_on_target_at_any_bit_rate(tmp_path: Path, bitrate_kbps: int):
    """Loudness within 0.1 LU and no peak over the ceiling, by our meter and by ffmpeg's, at every bit rate."""
    wanted = encoding(tmp_path, speech_like(8), bitrate_kbps=bitrate_kbps)
    made = wanted.run()
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.true_peak_dbtp <= -1.0
    assert made.duration_s == pytest.approx(8, abs=0.001)
    assert 0.05 < made.limited_share < 0.9
    other_lufs, other_dbtp = measured_by_ffmpeg(wanted.mp3)
    assert other_lufs == pytest.approx(-16, abs=0.15)
    assert other_dbtp <= -1.0 + 0.05  # ffmpeg prints one decimal


@pytest.mark.parametrize(("sample_rate_hz", "channels"), [(22_050, 1), (48_000, 1), (44_100, 2)])
def test_any_recording(tmp_path: Path, sample_rate_hz: int, channels: int):
    """Other sample rates and stereo are taken too, and land as well."""
    sound = np.repeat(speech_like(5, sample_rate_hz=sample_rate_hz), channels, axis=1)
    made = encoding(tmp_path, sound, sample_rate_hz=sample_rate_hz).run()
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.duration_s == pytest.approx(5, abs=0.001)


@pytest.mark.parametrize("gain_db", [-25.0, -6.0])
def test_loud_or_quiet(tmp_path: Path, gain_db: float):
    """However loud the recording is, the master is as loud as asked."""
    made = encoding(tmp_path, speech_like(5) * 10 ** (gain_db / 20)).run()
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.true_peak_dbtp <= -1.0


def test_a_second_round_mends_what_the_encoder_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With no headroom the first MP3 is over the ceiling; the rounds after it bring it under."""
    monkeypatch.setattr(loudness, "HEADROOM_DB", 0.0)
    made = encoding(tmp_path, speech_like(8), bitrate_kbps=48).run()
    assert made.rounds > 1
    assert made.true_peak_dbtp <= -1.0
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)


def test_places_that_went_over_are_held_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is enough to limit harder where the MP3 went over: the ceiling need not come down for all the rest."""
    monkeypatch.setattr(loudness, "HEADROOM_DB", 0.1)
    monkeypatch.setattr(loudness, "SPARE_DB", 0.0)
    made = encoding(tmp_path, speech_like(8)).run()
    assert made.rounds > 1
    assert made.true_peak_dbtp <= -1.0


def test_what_cannot_be_mended_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """When the rounds are used up, the error gives the figures reached."""
    monkeypatch.setattr(loudness, "HEADROOM_DB", 0.0)
    monkeypatch.setattr(loudness, "ROUNDS_MAX", 1)
    with pytest.raises(MasteringError, match=r"in 1 rounds: -1\d\.\d\d LUFS, -0\.\d\d dBTP"):
        encoding(tmp_path, speech_like(8), bitrate_kbps=48).run()


def test_progress_only_goes_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """From 0 towards 1, never back, also when it takes more than one round."""
    monkeypatch.setattr(loudness, "HEADROOM_DB", 0.0)
    told: list[tuple[float, str]] = []
    wanted = encoding(tmp_path, speech_like(12), bitrate_kbps=48)
    made = Encoding(
        **{name: getattr(wanted, name) for name in ("recording", "mp3", "duration_s", "target_lufs")},
        ceiling_dbtp=-1.0,
        bitrate_kbps=48,
        progress=lambda share, words: told.append((share, words)),
    ).run()
    shares = [share for share, _ in told]
    assert made.rounds > 1
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert 0.7 < shares[-1] <= 1
    assert {words for _, words in told} == {"measuring loudness", "encoding", "measuring the MP3"}


def test_a_lost_lease_stops_the_work(tmp_path: Path):
    """What the progress raises comes through."""

    def lost(share: float, words: str) -> None:
        if words == "encoding":
            raise LeaseLostError("gone")

    wanted = encoding(tmp_path, speech_like(5))
    stopped = Encoding(wanted.recording, wanted.mp3, 5.0, -16.0, -1.0, 96, lost)
    with pytest.raises(LeaseLostError):
        stopped.run()
