"""Processor time of our verification against the command of `openai-whisper`: same model, beam and file.

    .venv-torch/bin/python -m benchmarks.verification_cpu     needs the extra openai-whisper; some five CPU minutes

Both are processes of their own, from their start to their end, with the threads they have by default. Ours is the whole
verification: it loads the model, cuts, transcribes, hears doubtful lines again, aligns, and measures the sound of every
line. Prints one JSON object; exits with 1 above 0.2 times the time, or with a word error rate over 0.5 points above
the command's.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import imageio_ffmpeg
from rapidfuzz.distance import Levenshtein

from models.recording import Recording
from podmill.verification import verify, weights
from podmill.verification.normalize import words
from tests import recordings
from tests.golden import hearing

ROOT: Final = Path(__file__).parent.parent
MODEL: Final = "tiny.en"
BEAM: Final = 5
RATIO_MAX: Final = 0.2
WORSE_MAX: Final = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verification_cpu")
    parser.add_argument("--scripts", default=",".join(hearing.SCRIPTS), help="Those of the golden set to speak.")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.scripts.split(",")
    if given.ours:
        _verify(given.ours, names)
        return
    with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
        figures = measure(Path(folder), names)
    print(json.dumps(figures, indent=2))
    sys.exit(figures["ratio"] > RATIO_MAX or figures["word_error_rate_worse_by"] > WORSE_MAX)


def measure(folder: Path, names: list[str]) -> dict[str, Any]:
    """Speak the scripts as one recording, hear it both ways, and compare."""
    recording = _spoken(folder, names)
    expected = [word for text in _texts(names) for word in words(text, "en")]
    this = [sys.executable, "-m", "benchmarks.verification_cpu"]
    ours_s, ours = _run([*this, "--ours", str(folder), "--scripts", ",".join(names)])
    theirs_s, theirs = _whisper(folder, recording)
    verdict = json.loads(ours)
    ours_rate, their_rate = (_error_rate(expected, text) for text in (verdict["heard"], words(theirs, "en")))
    return {
        "audio_s": round(recording.duration_s, 1),
        "words": len(expected),
        "model": MODEL,
        "ours_cpu_s": round(ours_s, 1),
        "openai_whisper_cpu_s": round(theirs_s, 1),
        "ratio": round(ours_s / theirs_s, 3),
        "our_word_error_rate": round(ours_rate, 4),
        "openai_whisper_word_error_rate": round(their_rate, 4),
        "word_error_rate_worse_by": round(ours_rate - their_rate, 4),
        "passed": verdict["passed"],
        "heard_by": verdict["heard_by"],
    }


def _texts(names: list[str]) -> list[str]:
    return [text for name in names for text in hearing.SCRIPTS[name]]


def _spoken(folder: Path, names: list[str]) -> Recording:
    lines = [line for name in names for line in hearing.spoken(name)]
    context = recordings.context(folder)
    made = recordings.record(
        [line.sound for line in lines],
        hearing.RATE_HZ,
        context.store,
        folder,
        voices=[f"piper:{line.speaker}" for line in lines],
    )
    (folder / "recording.json").write_text(made.model_dump_json())
    return made


def _verify(folder: Path, names: list[str]) -> None:
    """Our side, in a process of its own: prints what was heard."""
    context = recordings.context(folder, transcriber_model=MODEL, transcriber_second_model="")
    recording = Recording.model_validate_json((folder / "recording.json").read_text())
    verdict = verify(recordings.script(_texts(names)), recording, context)
    heard = [word for line in verdict.lines for word in line.heard.split()]
    print(json.dumps({"heard": heard, "passed": verdict.passed, "heard_by": verdict.transcriber}))


def _whisper(folder: Path, recording: Recording) -> tuple[float, str]:
    """The command's processor time in seconds, and its text."""
    from podmill.verification.checkpoint import convert

    checkpoint, programs = folder / f"{MODEL}.pt", folder / "bin"
    convert(weights.find(MODEL, cache_dir=folder), checkpoint)
    programs.mkdir()
    (programs / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    audio = recordings.context(folder).store.path(recording.sound)
    spent_s, _ = _run(
        [
            *(str(Path(sys.executable).with_name("whisper")), str(audio), "--model", str(checkpoint)),
            *("--language", "en", "--beam_size", str(BEAM), "--fp16", "False"),
            *("--temperature", "0", "--condition_on_previous_text", "False"),
            *("--output_format", "txt", "--output_dir", str(folder), "--verbose", "False"),
        ],
        PATH=f"{programs}{os.pathsep}{os.environ['PATH']}",
    )
    return spent_s, (folder / f"{audio.stem}.txt").read_text(encoding="utf-8")


def _run(command: list[str], **more: str) -> tuple[float, str]:
    """Processor seconds, user and system, and output of a program.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    before = _spent_s()
    environment: Mapping[str, str] = {**os.environ, **more}
    ran = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return _spent_s() - before, ran.stdout


def _spent_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _error_rate(expected: list[str], heard: list[str]) -> float:
    return Levenshtein.distance(expected, heard) / len(expected)


if __name__ == "__main__":
    main()
