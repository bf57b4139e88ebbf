"""Memory and processor time of mastering a long recording: python -m benchmarks.mastering_memory [MINUTES] [CHANNELS]

Makes a recording of the given length (180 minutes, stereo) from a speech-like sound, masters it in a process of its own
and prints one JSON object. Linux only: the peak is ``VmHWM``, as ``ru_maxrss`` begins with that of the parent process.
"""

import argparse
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
from podmill.mastering.source import FileSound
from podmill.mastering.target import Target
from tests.golden.sounds import speech_like

RATE_HZ = 44_100
LOOP_S = 30


def record(path: Path, minutes: float, channels: int) -> None:
    """A loop of 30 s whose level drifts by 5 dB either way, block by block; each channel has its own."""
    loop = np.hstack([speech_like(LOOP_S, seed=channel + 1) for channel in range(channels)])
    levels_db = np.random.default_rng(7).uniform(-10, 0, round(minutes * 60 / LOOP_S))
    with soundfile.SoundFile(path, "w", RATE_HZ, channels, "PCM_16", format="FLAC") as out:
        for level_db in levels_db:
            out.write(loop * 10 ** (level_db / 20))


def master(path: Path) -> None:
    """Master a recording and print what it took; run in a process of its own."""
    idle_mb = peak_mb()
    info = soundfile.info(path)
    duration_s, sound = info.duration, FileSound(path, info.channels)
    target = Target(channels=info.channels, loudness_lufs=-16.0, true_peak_dbtp=-1.0, bitrate_kbps=128)
    start_s = time.monotonic()
    made = Encoding(sound, path.with_suffix(".mp3"), duration_s, target, lambda _share, _words: None).run()
    own, encoder = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "minutes": round(duration_s / 60, 2),
        "channels": info.channels,
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mastering_memory")
    parser.add_argument("minutes", nargs="?", type=float, default=180.0)
    parser.add_argument("channels", nargs="?", type=int, choices=(1, 2), default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.flac"
        record(path, given.minutes, given.channels)
        subprocess.run([sys.executable, "-m", "benchmarks.mastering_memory", "--master", str(path)], check=True)


if __name__ == "__main__":
    main()
