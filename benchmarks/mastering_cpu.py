"""Processor time from takes to a tagged MP3, against ``ffmpeg-normalize`` on the same sound, in one run.

    python -m benchmarks.mastering_cpu [MINUTES] [--normalizer FOLDER]

Makes an hour (or the minutes given) of takes of two hosts, and the stereo recording that they are when each host sits
on a side. Then, each in a process of its own: podmill joins the takes; podmill measures, limits, encodes and tags the
stereo recording; ``ffmpeg-normalize`` makes an MP3 of it with the same targets. Prints one JSON object: processor
seconds with those of all child processes, and what both meters, podmill's and ffmpeg's, read from the MP3s.

``ffmpeg-normalize`` is no part of podmill: it is installed from the package index into a folder of its own, a temporary
one unless FOLDER is given (``pip install --target FOLDER ffmpeg-normalize``), and uses podmill's ffmpeg.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import soundfile

from models.documents import Artifact
from models.master import ChapterTime
from models.script import Chapter, Line, Script
from models.take import Take, TakeLine
from podmill.context import StepContext
from podmill.mastering.loudness import Encoding
from podmill.mastering.meter import Meter
from podmill.mastering.source import SAMPLE_RATE_HZ, FileSound
from podmill.mastering.tags import Tags
from podmill.mastering.target import Target
from podmill.settings import Settings
from podmill.speech.engine import RequestLine, SpeechRequest
from podmill.speech.join import join
from podmill.store.local import LocalStore
from tests.acceptance.second_meter import measured_by_ffmpeg
from tests.golden.sounds import Sound, speech_like

ROOT = Path(__file__).parent.parent
TARGET = Target(channels=2, loudness_lufs=-16.0, true_peak_dbtp=-1.0, bitrate_kbps=128)
LINE_S = 10
VOICES = 6
"""Different lines of each host; they come again and again."""
SIDE = 0.35
"""Of the amplitude of a host, what the far channel has."""
ALLOWED = 0.4


def main() -> None:
    if sys.argv[1:2] == ["--join"]:
        _join(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["--master"]:
        _master(Path(sys.argv[2]))
    else:
        parser = argparse.ArgumentParser(prog="python -m benchmarks.mastering_cpu")
        parser.add_argument("minutes", nargs="?", type=float, default=60.0)
        parser.add_argument("--normalizer", type=Path, help="Folder that ffmpeg-normalize is installed in.")
        given = parser.parse_args()
        with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
            figures = measure(Path(folder), given.minutes, given.normalizer)
        print(json.dumps(figures, indent=2))
        sys.exit(figures["ratio"] > ALLOWED)


def measure(folder: Path, minutes: float, normalizer: Path | None) -> dict[str, Any]:
    """Make the sound, run everything once, and compare."""
    if normalizer is None:
        normalizer = folder / "normalizer"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(normalizer), "ffmpeg-normalize"]
        subprocess.run(command, check=True)
    count = round(minutes * 60 / LINE_S)
    recording = folder / "stereo.flac"
    _record(recording, folder, count)
    own, theirs = folder / "stereo.mp3", folder / "normalized.mp3"
    here = [sys.executable, "-m", "benchmarks.mastering_cpu"]
    joining_s = _cpu_s([*here, "--join", str(folder), str(count)], {})
    mastering_s = _cpu_s([*here, "--master", str(recording)], {})
    normalizing_s = _cpu_s(
        [
            *(sys.executable, "-m", "ffmpeg_normalize", str(recording), "-o", str(theirs)),
            *("-t", f"{TARGET.loudness_lufs:g}", "-tp", f"{TARGET.true_peak_dbtp:g}"),
            *("-ar", str(SAMPLE_RATE_HZ), "-c:a", "libmp3lame", "-b:a", f"{TARGET.bitrate_kbps}k"),
        ],
        {"PYTHONPATH": str(normalizer), "FFMPEG_PATH": imageio_ffmpeg.get_ffmpeg_exe()},
    )
    return {
        "minutes": round(soundfile.info(recording).duration / 60, 2),
        "join_cpu_s": joining_s,
        "master_cpu_s": mastering_s,
        "ffmpeg_normalize_cpu_s": normalizing_s,
        "ratio": round((joining_s + mastering_s) / normalizing_s, 3),
        "podmill": _heard(own),
        "ffmpeg_normalize": _heard(theirs),
    }


def _line(number: int) -> Sound:
    """Of one host and the other in turn; the second is half as loud, as voices come."""
    return speech_like(LINE_S, seed=number % (2 * VOICES)) * (0.5 if number % 2 else 1.0)


def _record(path: Path, folder: Path, count: int) -> None:
    lines = [_line(number) for number in range(2 * VOICES)]
    for number, line in enumerate(lines):
        soundfile.write(folder / f"take-{number}.flac", line, SAMPLE_RATE_HZ, subtype="PCM_16")
    with soundfile.SoundFile(path, "w", SAMPLE_RATE_HZ, 2, "PCM_16", format="FLAC") as out:
        for number in range(count):
            sides = (1.0, SIDE) if number % 2 else (SIDE, 1.0)
            out.write(lines[number % (2 * VOICES)] * np.array(sides, np.float32))


def _join(folder: Path, count: int) -> None:
    """Takes to a recording, as the synthesis step does it; run in a process of its own."""
    settings = Settings(home=folder / "home", disk_reserve_mb=0)
    store = LocalStore(settings.store_dir)
    audio = [
        store.put(folder / f"take-{number}.flac", suffix=".flac", media_type="audio/flac")
        for number in range(2 * VOICES)
    ]
    requests = [_request(number) for number in range(count)]
    takes = [_take(request, audio[number % (2 * VOICES)]) for number, request in enumerate(requests)]
    script = Script(
        title="An hour",
        summary="",
        language="en",
        chapters=(Chapter(title="All of it", first_line=0),),
        lines=tuple(
            Line(index=line.index, speaker=line.speaker, text=line.text, spoken=line.text, chapter=0)
            for request in requests
            for line in request.lines
        ),
        speakers={"S1": "Ann", "S2": "Bob"},
        writer="ready-made",
        estimated_s=float(count * LINE_S),
    )
    context = StepContext(settings, store, _NoTakes(), folder, lambda _share, _words: None)
    join(script, requests, takes, context, requests_made=count)


class _NoTakes:
    """A cache that joining does not ask."""

    def get(self, key: str) -> Take | None:
        raise KeyError(key)

    def put(self, take: Take) -> None:
        raise KeyError(take.key)


def _request(number: int) -> SpeechRequest:
    line = RequestLine(index=number, speaker=f"S{1 + number % 2}", voice=f"bench:{number % 2}", text=f"Line {number}.")
    return SpeechRequest(key=f"{number:064}", engine="bench", language="en", lines=(line,))


def _take(request: SpeechRequest, audio: Artifact) -> Take:
    return Take(
        key=request.key,
        engine="bench",
        voice=request.lines[0].voice,
        raw=audio,
        audio=audio,
        duration_s=LINE_S,
        lines=(TakeLine(index_in_take=0, start_s=0.0, end_s=LINE_S),),
    )


def _master(recording: Path) -> None:
    """A recording to a tagged MP3, as the loudness step does it; run in a process of its own."""
    mp3 = recording.with_suffix(".mp3")
    sound = FileSound(recording, TARGET.channels)
    made = Encoding(sound, mp3, soundfile.info(recording).duration, TARGET, lambda _share, _words: None).run()
    Tags(
        title="An hour",
        artist="Ann and Bob",
        album="The benchmark",
        year=2026,
        language="en",
        comment="",
        episode_id="benchmark",
        picture_jpeg=b"",
        chapters=(ChapterTime(title="All of it", start_s=0.0, end_s=made.duration_s),),
    ).write(mp3)


def _cpu_s(command: list[str], env: dict[str, str]) -> float:
    """Processor seconds, user and system, of a process and all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)


def _heard(mp3: Path) -> dict[str, float]:
    meter = Meter(SAMPLE_RATE_HZ, 2)
    for block in FileSound(mp3, 2):
        meter.push(block)
    ffmpeg_lufs, ffmpeg_dbtp = measured_by_ffmpeg(mp3)
    return {
        "loudness_lufs": round(meter.loudness_lufs, 2),
        "true_peak_dbtp": round(meter.true_peak_dbtp, 2),
        "loudness_lufs_by_ffmpeg": ffmpeg_lufs,
        "true_peak_dbtp_by_ffmpeg": ffmpeg_dbtp,
    }


if __name__ == "__main__":
    main()
