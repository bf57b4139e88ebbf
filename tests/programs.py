"""Recordings and shows' files made of numbers, for what puts them together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.documents import Artifact
from models.recording import LineTime, Recording
from models.script import Chapter, Line, Script
from tests.golden.sounds import Sound, speech_like

RATE_HZ = 44_100


@dataclass
class Shelf:
    """A folder of files by artifact, in the place of a store."""

    folder: Path
    paths: dict[str, Path] = field(default_factory=dict)

    def put(self, name: str, sound: Sound, sample_rate_hz: int = RATE_HZ) -> Artifact:
        path = self.folder / name
        soundfile.write(path, sound, sample_rate_hz)
        artifact = Artifact(sha256=f"{len(self.paths):064x}", suffix=path.suffix, size_bytes=path.stat().st_size)
        self.paths[artifact.sha256] = path
        return artifact

    def path(self, artifact: Artifact) -> Path:
        return self.paths[artifact.sha256]


def chord(duration_s: float, *, sample_rate_hz: int = RATE_HZ, channels: int = 1, amplitude: float = 0.2) -> Sound:
    """Steady music: three sines, so that any window of it is as loud as any other."""
    time = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    wave = np.sum([np.sin(2 * np.pi * frequency_hz * time) for frequency_hz in (220.0, 277.2, 329.6)], axis=0)
    return np.repeat((amplitude * wave / 3).astype(np.float32)[:, None], channels, axis=1)


def recorded(shelf: Shelf, spans: Sequence[tuple[float, float]], duration_s: float) -> Recording:
    """Speech-like sound where the lines are, digital silence between them."""
    speech = speech_like(duration_s)
    sound: NDArray[np.float32] = np.zeros_like(speech)
    for start_s, end_s in spans:
        sound[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] = speech[
            round(start_s * RATE_HZ) : round(end_s * RATE_HZ)
        ]
    return Recording(
        audio=shelf.put("recording.flac", sound),
        sample_rate_hz=RATE_HZ,
        channels=1,
        duration_s=duration_s,
        lines=tuple(
            LineTime(index=index, start_s=start_s, end_s=end_s, take="t", voice="piper:joe")
            for index, (start_s, end_s) in enumerate(spans)
        ),
        requests=1,
    )


def script_of(*chapters: int) -> Script:
    """Chapters of so many lines."""
    firsts = [sum(chapters[:number]) for number in range(len(chapters))]
    return Script(
        title="The Box",
        summary="",
        language="en",
        chapters=tuple(Chapter(title=f"Part {first + 1}", first_line=first) for first in firsts),
        lines=tuple(
            Line(index=index, speaker="S1", text=f"Line {index}.", spoken=f"Line {index}.", chapter=0)
            for index in range(sum(chapters))
        ),
        speakers={"S1": "Ann"},
        writer="ready-made",
        estimated_s=1.0,
    )
