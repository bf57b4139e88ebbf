"""Memory and processor time of mastering a long recording: python benchmarks/mastering_memory.py [MINUTES]

Makes a recording of the given length (60 minutes) from a speech-like sound, masters it in a process of its own and
prints one JSON object. Linux only: the peak is ``VmHWM``, as ``ru_maxrss`` begins with that of the parent process.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from podmill.mastering.loudness import Encoding
from tests.golden.sounds import speech_like

RATE_HZ = 44_100
LOOP_S = 30


def record(path: Path, minutes: float) -> None:
    """A loop of 30 s whose level drifts by 5 dB either way, block by block."""
    loop = speech_like(LOOP_S)
    levels_db = np.random.default_rng(7).uniform(-10, 0, round(minutes * 60 / LOOP_S))
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16", format="FLAC") as out:
        for level_db in levels_db:
            out.write(loop * 10 ** (level_db / 20))


def master(path: Path) -> None:
    """Master a recording and print what it took; run in a process of its own."""
    idle_mb = peak_mb()
    duration_s = soundfile.info(path).duration
    start_s = time.monotonic()
    made = Encoding(path, path.with_suffix(".mp3"), duration_s, -16.0, -1.0, 96, lambda _share, _words: None).run()
    own, encoder = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "minutes": round(duration_s / 60, 2),
        "loudness_lufs": round(made.loudness_lufs, 3),
        "true_peak_dbtp": round(made.true_peak_dbtp, 3),
        "rounds": made.rounds,
        "limited_share": round(made.limited_share, 3),
        "wall_s": round(time.monotonic() - start_s, 1),
        "own_cpu_s": round(own.ru_utime + own.ru_stime, 1),
        "ffmpeg_cpu_s": round(encoder.ru_utime + encoder.ru_stime, 1),
        "idle_mb": idle_mb,
        "peak_mb": peak_mb(),
    }
    print(json.dumps(figures))


def peak_mb() -> int:
    """Highest resident memory of this process so far, in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6)


def main() -> None:
    if sys.argv[1:2] == ["--master"]:
        master(Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.flac"
        record(path, float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
        subprocess.run([sys.executable, __file__, "--master", str(path)], check=True)


if __name__ == "__main__":
    main()
