"""Rounds of encoding until the decoded MP3 is right."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from podmill.errors import LeaseLostError, MasteringError
from podmill.mastering import loudness
from podmill.mastering.loudness import Encoding
from podmill.mastering.source import FileSound
from podmill.mastering.target import Target
from tests.acceptance.second_meter import measured_by_ffmpeg
from tests.golden.sounds import Sound, flac, music_like, speech_like


def _silent(share: float, words: str) -> None:
    pass


def encoding(
    folder: Path, sound: Sound, *, bitrate_kbps: int = 96, sample_rate_hz: int = 44_100, channels: int = 1
) -> Encoding:
    return Encoding(
        sound=FileSound(flac(folder / "recording.flac", sound, sample_rate_hz), channels),
        mp3=folder / "episode.mp3",
        duration_s=len(sound) / sample_rate_hz,
        target=Target(channels=channels, loudness_lufs=-16.0, true_peak_dbtp=-1.0, bitrate_kbps=bitrate_kbps),
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


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample_rate_hz", [8_000, 22_050, 48_000, 192_000])
def test_any_recording(tmp_path: Path, sample_rate_hz: int, channels: int):
    """Any sample rate, mono or stereo, becomes a master of either form that is on target."""
    sound = speech_like(2.5, sample_rate_hz=sample_rate_hz)
    if sample_rate_hz == 48_000:
        sound = np.hstack([sound, 0.5 * np.roll(sound, 400)])
    made = encoding(tmp_path, sound, sample_rate_hz=sample_rate_hz, channels=channels).run()
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.true_peak_dbtp <= -1.0
    assert made.duration_s == pytest.approx(2.5, abs=0.001)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", ["music", "dense music", "noise", "one ear"])
def test_any_sound(tmp_path: Path, kind: str, channels: int):
    """Music soft and dense, noise, and speech in one ear only land as speech does, by both meters."""
    noise = np.random.default_rng(1).normal(0, 0.2, (44_100 * 4, 2)).astype(np.float32)
    sounds = {
        "music": music_like(4),
        "dense music": np.tanh(4 * music_like(4)),
        "noise": noise,
        "one ear": np.hstack([speech_like(4), np.zeros((44_100 * 4, 1), np.float32)]),
    }
    wanted = encoding(tmp_path, sounds[kind], bitrate_kbps=128, channels=channels)
    made = wanted.run()
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.true_peak_dbtp <= -1.0
    other_lufs, other_dbtp = measured_by_ffmpeg(wanted.mp3)
    assert other_lufs == pytest.approx(-16, abs=0.15)
    assert other_dbtp <= -1.0 + 0.05  # ffmpeg prints one decimal


@pytest.mark.parametrize("gain_db", [-35.0, -25.0, -6.0])
def test_loud_or_quiet(tmp_path: Path, gain_db: float):
    """However loud the recording is, down to near silence, the master is as loud as asked."""
    made = encoding(tmp_path, speech_like(5) * 10 ** (gain_db / 20)).run()
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.true_peak_dbtp <= -1.0


@pytest.mark.parametrize("channels", [1, 2])
def test_hot_input(tmp_path: Path, channels: int):
    """What is 12 dB over full scale in a file of floating point is turned down, and not clipped first."""
    sound = np.hstack([speech_like(4), speech_like(4, seed=2)]) * 4.4
    soundfile.write(tmp_path / "hot.wav", sound, 44_100, subtype="FLOAT")
    wanted = encoding(tmp_path, sound[:10], channels=channels)
    made = replace(wanted, sound=FileSound(tmp_path / "hot.wav", channels)).run()
    assert made.gain_db < -2
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.true_peak_dbtp <= -1.0


def test_mono_at_19(tmp_path: Path):
    """A mono show may ask for -19 LUFS, where players double mono."""
    wanted = encoding(tmp_path, speech_like(4))
    made = replace(wanted, target=replace(wanted.target, loudness_lufs=-19.0)).run()
    assert made.loudness_lufs == pytest.approx(-19, abs=0.1)


def test_any_blocks(tmp_path: Path):
    """Sound comes from anything that can be heard again, in blocks of any length: the same MP3, byte for byte."""
    wanted = encoding(tmp_path, speech_like(4))
    wanted.run()
    from_file = wanted.mp3.read_bytes()
    blocks = list(wanted.sound)
    ragged = np.split(np.concatenate(blocks), [1, 1, 700, 100_000, 150_000])
    replace(wanted, sound=ragged).run()
    assert wanted.mp3.read_bytes() == from_file


def test_silence_makes_no_file(tmp_path: Path):
    """Silence is refused before anything is encoded."""
    wanted = encoding(tmp_path, np.zeros((44_100 * 2, 1), np.float32))
    with pytest.raises(MasteringError, match="silent"):
        wanted.run()
    assert not wanted.mp3.exists()


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


def test_when_rounds_are_used_up_the_gates_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What was reached is told as it is, with the peak that is over: no error."""
    monkeypatch.setattr(loudness, "HEADROOM_DB", 0.0)
    monkeypatch.setattr(loudness, "ROUNDS_MAX", 1)
    wanted = encoding(tmp_path, speech_like(8), bitrate_kbps=48)
    made = wanted.run()
    assert made.rounds == 1
    assert made.true_peak_dbtp > -1.0
    assert measured_by_ffmpeg(wanted.mp3)[1] == pytest.approx(made.true_peak_dbtp, abs=0.15)


def test_a_fade_into_nothing(tmp_path: Path):
    """Noise that fades from -20 to -75 LUFS lands too, although gates let go of more of it the lower it is set."""
    level_db = np.linspace(-20, -75, 44_100 * 20)
    sound = np.random.default_rng(5).normal(0, 1, (len(level_db), 1)) * 10 ** (level_db / 20)[:, None]
    wanted = encoding(tmp_path, sound.astype(np.float32))
    made = replace(wanted, target=replace(wanted.target, loudness_lufs=-36.0)).run()
    assert made.gain_db < 0
    assert made.loudness_lufs == pytest.approx(-36, abs=0.1)


def test_progress_only_goes_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """From 0 towards 1, never back, also when it takes more than one round."""
    monkeypatch.setattr(loudness, "HEADROOM_DB", 0.0)
    told: list[tuple[float, str]] = []
    wanted = encoding(tmp_path, speech_like(12), bitrate_kbps=48)
    made = replace(wanted, progress=lambda share, words: told.append((share, words))).run()
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
    with pytest.raises(LeaseLostError):
        replace(wanted, progress=lost).run()
