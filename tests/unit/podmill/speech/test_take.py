"""Takes: spoken once, trimmed, levelled, and never silent."""

import tempfile
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.brief import CastMember
from models.take import Take
from podmill.context import StepContext
from podmill.errors import SpeechError
from podmill.speech import files
from podmill.speech.engine import RawSpeech, RequestLine, Samples, SpeechRequest
from podmill.speech.level import LOUDNESS_LUFS, RATE_HZ, loudness_lufs
from podmill.speech.plan import plan
from podmill.speech.take import EDGE_S, FADE_S, finish, speak
from tests.unit.podmill.speech.tones import LIMITS, PAUSE_S, SPEAKING_S, Tones, script, tone

CAST = (
    CastMember(speaker="S1", name="One", voice="tones:low"),
    CastMember(speaker="S2", name="Two", voice="tones:mid"),
)


def raw(samples: Samples, rate_hz: int = 24000) -> RawSpeech:
    data = files.wav(samples, rate_hz)
    return RawSpeech(np.asarray(samples, dtype=np.float32), rate_hz, data, ".wav", "audio/wav")


def finished(speech: RawSpeech, text: str) -> tuple[Samples, float]:
    """Samples of a finished take, and the seconds cut from its head."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "take.flac"
        duration_s, head_s = finish(speech, text, path)
        samples, rate_hz = soundfile.read(path, dtype="float32")
        assert list(Path(folder).iterdir()) == [path]
    assert rate_hz == RATE_HZ
    assert duration_s == len(samples) / RATE_HZ
    return np.asarray(samples), head_s


def request_for(context: StepContext, *lines: str) -> SpeechRequest:
    (request,) = plan(script(*lines), CAST, context.settings, {})
    return request


def audio(take: Take, context: StepContext) -> Samples:
    samples, rate_hz = soundfile.read(context.store.path(take.audio), dtype="float32")
    assert rate_hz == RATE_HZ
    return np.asarray(samples)


def test_spoken_once(context: StepContext, tones: type[Tones]) -> None:
    """The second time the take comes from the cache and the engine is not asked."""
    request = request_for(context, "S1: Hello.")
    first, second = speak(request, context), speak(request, context)
    assert first == second
    assert len(tones.asked) == 1


def test_what_is_kept(context: StepContext, tones: type[Tones]) -> None:
    """The engine's own bytes, and 16 bit FLAC at 44.1 kHz mono; no temporary file stays."""
    take = speak(request_for(context, "S1: Hello."), context)
    info = soundfile.info(context.store.path(take.audio))
    assert (info.format, info.subtype, info.channels) == ("FLAC", "PCM_16", 1)
    assert context.store.path(take.raw).read_bytes().startswith(b"RIFF")
    assert take.duration_s == pytest.approx(info.duration, abs=1e-6)
    assert [(line.start_s, line.end_s) for line in take.lines] == [(0.0, take.duration_s)]
    assert list(context.temp_dir.iterdir()) == []


@pytest.mark.parametrize(("duration_s", "level"), [(3.0, 0.3), (0.6, 0.02), (0.2, 0.05), (0.05, 0.3)])
def test_every_take_has_the_same_level(duration_s: float, level: float) -> None:
    """Quiet or loud, long or shorter than the meter's block: the level is -23 LUFS within 1.5 LU."""
    samples, _ = finished(raw(tone(220, duration_s, 24000, level)), "text")
    assert loudness_lufs(samples) == pytest.approx(LOUDNESS_LUFS, abs=1.5)


def test_peaks_hold_the_level_back() -> None:
    """A click that towers over the speech is not amplified beyond -1 dBFS."""
    samples = tone(220, 2.0, 24000, 0.003)
    samples[24000:24010] = 0.9
    samples, _ = finished(raw(samples), "text")
    assert np.abs(samples).max() == pytest.approx(10 ** (-1 / 20), abs=0.001)


def test_silence_around_speech_is_cut() -> None:
    """Of a second before and two after, 30 ms stay, and the cut at the head is told."""
    quiet = np.random.default_rng(1).normal(0, 1e-4, 24000)
    samples, head_s = finished(raw(np.concatenate([quiet, tone(220, 1.0, 24000), quiet, quiet])), "text")
    assert len(samples) / RATE_HZ == pytest.approx(1.0 + 2 * EDGE_S, abs=0.015)
    assert head_s == pytest.approx(1.0 - EDGE_S, abs=0.01)


def test_a_pause_within_speech_stays() -> None:
    """Only the ends are trimmed."""
    samples, _ = finished(raw(np.concatenate([tone(220, 0.5, 24000), np.zeros(24000), tone(220, 0.5, 24000)])), "text")
    assert len(samples) / RATE_HZ == pytest.approx(2.0, abs=0.02)


def test_takes_begin_and_end_at_zero() -> None:
    """A take that is cut from a tone fades in and out, so that it can be put anywhere without a click."""
    samples, _ = finished(raw(tone(220, 0.5, 24000)), "text")
    assert samples[0] == samples[-1] == 0
    edge = round(FADE_S * RATE_HZ) // 5
    assert np.abs(samples[:edge]).max() < 0.3 * np.abs(samples).max()


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(0), "gave no sound for 'text'"),
        (np.zeros(24000), "gave silence for 'text'"),
        (np.full(24000, 1e-4), "gave silence for 'text'"),
        (np.array([0.1, np.nan, 0.1]), "gave damaged sound for 'text'"),
        (np.array([0.1, np.inf, 0.1]), "gave damaged sound for 'text'"),
    ],
)
def test_no_speech_is_never_a_success(samples: Samples, message: str) -> None:
    """Nothing, silence and damage are errors that name the text."""
    with pytest.raises(SpeechError, match=message):
        finished(raw(samples), "text")


@pytest.mark.parametrize("pitch", [1.0, 1.19])
def test_memory_does_not_grow_with_the_length(pitch: float, tmp_path: Path) -> None:
    """Six minutes, which are 64 MB at the rate of takes, are never in memory as a whole."""
    data = files.wav(np.tile(tone(220, 60, 8000), 6), 8000)
    tracemalloc.start()
    duration_s, _ = finish(
        RawSpeech(None, 8000, data, ".wav", "audio/wav", pitch=pitch), "text", tmp_path / "take.flac"
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert duration_s == pytest.approx(360, abs=1)
    assert peak < 50e6


def test_a_long_take_has_the_level_of_all(tmp_path: Path) -> None:
    """A take measured in parts has the loudness that a meter reads of it whole, long pauses left out."""
    parts = [tone(220, 40, 8000), np.zeros(8000 * 35, dtype=np.float32), 0.5 * tone(220, 40, 8000)]
    samples, _ = finished(raw(np.concatenate(parts), 8000), "text")
    assert loudness_lufs(samples) == pytest.approx(LOUDNESS_LUFS, abs=0.7)


def test_a_failed_take_is_not_kept(context: StepContext, tones: type[Tones], monkeypatch: pytest.MonkeyPatch) -> None:
    """After silence the cache and the store are as empty as before."""
    monkeypatch.setattr(tones, "speak", lambda _self, _request: raw(np.zeros(24000)))
    request = request_for(context, "S1: Hello.")
    with pytest.raises(SpeechError, match="gave silence"):
        speak(request, context)
    assert context.takes.get(request.key) is None
    assert not context.settings.store_dir.exists()


def test_lines_of_a_dialogue_have_times(
    context: StepContext, tones: type[Tones], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times that an engine gives for several lines follow what was trimmed."""
    monkeypatch.setattr(tones, "capabilities", replace(LIMITS, max_speakers=2, timestamps=True))
    take = speak(request_for(context, "S1: Hello.", "S2: Oh."), context)
    assert take.voice == "tones:low+tones:mid"
    assert [line.start_s for line in take.lines] == pytest.approx([0.0, SPEAKING_S + PAUSE_S], abs=0.01)
    assert [line.end_s for line in take.lines] == pytest.approx([SPEAKING_S, 2 * SPEAKING_S + PAUSE_S], abs=0.01)


@pytest.mark.parametrize(("pause_s", "bounds_s"), [(0.4, (0.5, 0.9)), (0.0, (0.5, 0.5))])
def test_a_dialogue_without_times_has_its_own(
    pause_s: float,
    bounds_s: tuple[float, float],
    context: StepContext,
    tones: type[Tones],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the engine does not say when a line is heard the sound does, else the length of its text."""
    lines = tuple(RequestLine(index=n, speaker="S1", voice="tones:low", text="Hello.") for n in range(2))
    silence = np.zeros(round(pause_s * 24000))
    said = np.concatenate([tone(220, 0.5, 24000), silence, tone(220, 0.5, 24000)])
    monkeypatch.setattr(tones, "speak", lambda _self, _request: raw(said))
    first, second = speak(SpeechRequest(key="k", engine="tones", language="en", lines=lines), context).lines
    assert (first.end_s, second.start_s) == pytest.approx(bounds_s, abs=0.06)


def test_what_was_cut_off_is_known_of_each_line(
    context: StepContext, tones: type[Tones], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Levelling hides it, and a shift of pitch rounds it: it is told from what the engine gave. So is its rate."""
    lines = tuple(RequestLine(index=n, speaker="S1", voice="tones:low", text="Hello.") for n in range(2))
    clear, silence = tone(220, 0.5, 16000), np.zeros(8000, np.float32)
    hot = np.clip(9 * clear, -1, 1)
    spoken = raw(np.concatenate([silence, clear, silence, hot]), 16000)
    shifted = replace(spoken, decoded=0.5 * spoken.samples, line_times_s=((0.5, 1.0), (1.5, 2.0)))
    monkeypatch.setattr(tones, "speak", lambda _self, _request: shifted)
    take = speak(SpeechRequest(key="k", engine="tones", language="en", lines=lines), context)

    assert np.abs(audio(take, context)).max() < 0.9
    assert take.lines[0].clipped == 0
    assert take.lines[1].clipped > 100
    assert take.source_rate_hz == 16000
