"""Recordings of known lines, spoken by the bundled voice."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from piper import SynthesisConfig

from models.recording import LineTime, Recording
from models.script import Chapter, Line, Script
from podmill.context import StepContext
from podmill.settings import Settings
from podmill.store.local import LocalStore
from tests.golden import hearing

PAUSE_S = 0.5
ROOM = np.float32(10 ** (-80 / 20))
"""RMS of the noise under everything, as recordings have it."""


def speak(texts: list[str]) -> tuple[list[NDArray[np.float32]], int]:
    """The same audio every time: one array a text, and the sample rate in Hz."""
    voice = hearing.voice()
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


def record(
    takes: list[NDArray[np.float32]],
    sample_rate_hz: int,
    store: LocalStore,
    folder: Path,
    voices: Sequence[str] | None = None,
) -> Recording:
    """The takes joined with pauses, in a store; all in one voice unless there is one for each."""
    pause = np.zeros(round(PAUSE_S * sample_rate_hz), dtype=np.float32)
    lines, blocks, frames = [], [], 0
    for index, take in enumerate(takes):
        end = frames + len(take)
        voice = voices[index] if voices else "piper:joe"
        start_s, end_s = frames / sample_rate_hz, end / sample_rate_hz
        lines.append(LineTime(index=index, start_s=start_s, end_s=end_s, take="t", voice=voice))
        blocks += [take, pause]
        frames = end + len(pause)
    path = folder / "recording.flac"
    room = ROOM * np.random.default_rng(1).standard_normal(frames, dtype=np.float32)
    soundfile.write(path, np.concatenate(blocks) + room, sample_rate_hz, subtype="PCM_16")
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
