"""What the gates besides the words cost: ``python -m benchmarks.quality [MINUTES]``.

A recording of two murmured voices, 30 minutes unless said otherwise, is measured as every episode is: clarity and
clipping of all of it, the voice of every line. Prints one JSON object.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, cast

import numpy as np
import soundfile

from models.documents import Artifact
from models.recording import LineTime, Recording
from models.script import Script
from podmill.context import StepContext, TakeCache
from podmill.quality import gates_of, measure
from podmill.settings import Settings
from podmill.store.local import LocalStore
from tests.golden.murmur import HIGH, LOW, murmur

RATE_HZ: Final = 44_100
PAUSE: Final = np.zeros(round(0.3 * RATE_HZ), np.float32)
LENGTHS_S: Final = (1.2, 6.5, 3.0, 9.5, 4.4)
"""Of lines, in turn: five seconds on average, as in scripts."""


def record(minutes: float, path: Path) -> tuple[tuple[LineTime, ...], float]:
    """A recording of that length; its lines, and its seconds."""
    spoken = [
        (name, murmur(voice, length_s, rate_hz=RATE_HZ, seed=at))
        for name, voice in (("piper:low", LOW), ("piper:high", HIGH))
        for at, length_s in enumerate(LENGTHS_S)
    ]
    lines: list[LineTime] = []
    at_s = 0.0
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        while at_s < minutes * 60:
            voice, sound = spoken[(len(lines) * 7) % len(spoken)]
            end_s = at_s + len(sound) / RATE_HZ
            lines.append(LineTime(index=len(lines), start_s=at_s, end_s=end_s, take="t", voice=voice))
            file.write(sound)
            file.write(PAUSE)
            at_s = end_s + len(PAUSE) / RATE_HZ
    return tuple(lines), at_s


def main(minutes: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines, duration_s = record(minutes, folder / "recording.flac")
        store = LocalStore(folder / "store")
        audio: Artifact = store.put(folder / "recording.flac", suffix=".flac")
        recording = Recording(
            audio=audio, sample_rate_hz=RATE_HZ, channels=1, duration_s=duration_s, lines=lines, requests=1
        )
        script = Script(
            title="", summary="", language="en", chapters=(), lines=(), speakers={}, writer="", estimated_s=duration_s
        )
        settings = Settings(home=folder)
        context = StepContext(
            settings=settings,
            store=store,
            takes=cast(TakeCache, None),  # nothing is spoken
            scratch=folder,
            progress=lambda _share, _words: None,
        )
        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu_s = time.process_time()
        scores = measure(script, recording, gates_of(settings), context)
        cpu_s = time.process_time() - cpu_s
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "minutes": round(duration_s / 60, 1),
        "lines": len(lines),
        "cpu_s": round(cpu_s, 1),
        "cpu_share_of_real_time": round(cpu_s / duration_s, 4),
        "peak_mb": round(peak_mb),
        "grown_mb": round(peak_mb - before_mb),
        "scores": {score.name: score.value and round(score.value, 3) for score in scores},
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
