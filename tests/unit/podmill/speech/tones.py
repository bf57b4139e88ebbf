"""An engine that hums: a real implementation of the Protocol, in no time, whose limits a test can set."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.script import Chapter, Line, Script
from models.take import Take
from podmill.settings import Settings
from podmill.speech import files
from podmill.speech.engine import EngineCapabilities, RawSpeech, SpeechRequest, Voice

RATE_HZ = 24000
LANGUAGES = ("en", "zh", "ja", "hi", "ar")
SPEAKING_S = 0.5
PAUSE_S = 0.25

LIMITS = EngineCapabilities(
    max_characters=200,
    max_speakers=1,
    sample_rate_hz=RATE_HZ,
    price_unit="character",
    formats=(".wav",),
    queue="synthesis.gpu",
    timestamps=False,
    stitching=False,
)


class Tones:
    """Every line is half a second of its voice's tone; between two lines of a request lies a quarter second."""

    name = "tones"
    capabilities = LIMITS
    asked: list[SpeechRequest]
    """Requests that were really made."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def voices(self) -> tuple[Voice, ...]:
        return tuple(Voice(f"tones:{name}", name, "tones", LANGUAGES, "MIT", True) for name in ("low", "mid", "high"))

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        return {"variant": variant, "voice": voice.id}

    def speak(self, request: SpeechRequest) -> RawSpeech:
        type(self).asked.append(request)
        parts: list[np.ndarray] = []
        times = []
        for number, line in enumerate(request.lines):
            if number:
                parts.append(np.zeros(round(PAUSE_S * RATE_HZ)))
            start_s = sum(map(len, parts)) / RATE_HZ
            pitch_hz = {"low": 110.0, "mid": 220.0, "high": 330.0}[line.voice.partition(":")[2]]
            parts.append(tone(pitch_hz, SPEAKING_S, RATE_HZ))
            times.append((start_s, start_s + SPEAKING_S))
        samples = np.concatenate(parts).astype(np.float32)
        return RawSpeech(samples, RATE_HZ, files.wav(samples, RATE_HZ), ".wav", "audio/wav", times)

    def preload(self) -> None:
        """Nothing to load."""


def tone(pitch_hz: float, duration_s: float, rate_hz: int, level: float = 0.3) -> np.ndarray:
    """A tone with overtones."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    wave = sum(np.sin(2 * np.pi * pitch_hz * n * time_s) / n for n in range(1, 6))
    return (level * wave).astype(np.float32)


class Takes(dict[str, Take]):
    """A cache of takes in memory."""

    def put(self, take: Take) -> None:
        self[take.key] = take


def script(*lines: str, chapters: Sequence[int] = (0,), language: str = "en") -> Script:
    """A script of ``S1: text`` lines; ``chapters`` holds the first line of each."""
    parsed = [line.partition(": ") for line in lines]
    return Script(
        title="A script",
        summary="",
        language=language,
        chapters=tuple(Chapter(title=f"Chapter {n}", first_line=first) for n, first in enumerate(chapters, 1)),
        lines=tuple(
            Line(
                index=index,
                speaker=speaker,
                text=text,
                spoken=text,
                chapter=sum(first <= index for first in chapters) - 1,
            )
            for index, (speaker, _, text) in enumerate(parsed)
        ),
        speakers={"S1": "One", "S2": "Two", "S3": "Three"},
        writer="ready-made",
        estimated_s=10,
    )


def fundamental_hz(samples: np.ndarray, rate_hz: int) -> float:
    """Median pitch of the voiced frames, by autocorrelation."""
    size = round(0.04 * rate_hz)
    loud = float(np.sqrt(np.mean(samples**2)))
    found = []
    for start in range(0, len(samples) - size, size // 2):
        frame = samples[start : start + size] - samples[start : start + size].mean()
        if float(np.sqrt(np.mean(frame**2))) < loud:
            continue
        spectrum = np.abs(np.fft.rfft(frame, 2 * size)) ** 2
        same = np.fft.irfft(spectrum)[:size]
        shortest, longest = rate_hz // 350, rate_hz // 60
        lag = shortest + int(np.argmax(same[shortest:longest]))
        if same[lag] > 0.5 * same[0]:
            found.append(rate_hz / lag)
    return float(np.median(found))
