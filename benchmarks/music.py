"""Memory and processor time of an episode with music: python -m benchmarks.music [MINUTES]

Makes a recording of the given length (180 minutes) with a chapter every ten minutes, a theme, a bed of half its length
as FLAC at 48 kHz in stereo, stings and three ads. Lays it out and pulls the whole program once, as every pass of the
mastering does, in a process of its own; then the same recording alone. Prints one JSON object. Linux only.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

from benchmarks.mastering_memory import peak_mb
from models.documents import Artifact
from models.recording import LineTime, Recording
from models.sound import Ad, Bed, Piece, Sound
from podmill.mastering.program import program_of
from tests.golden.sounds import Sound as Loop
from tests.golden.sounds import speech_like
from tests.programs import RATE_HZ, chord, script_of

LOOP_S = 30
CHAPTER_S = 600
LINE_S = 10.0


def write(path: Path, loop: Loop, duration_s: float, rate_hz: int = RATE_HZ) -> None:
    """A loop again and again."""
    with soundfile.SoundFile(path, "w", rate_hz, loop.shape[1]) as out:
        for _ in range(max(1, round(duration_s * rate_hz / len(loop)))):
            out.write(loop)


def artifact(number: int, path: Path) -> Artifact:
    return Artifact(sha256=f"{number:064x}", suffix=path.suffix, size_bytes=path.stat().st_size)


def measure(folder: Path, minutes: float, *, plain: bool) -> None:
    """Lay out and pull the program; print what it took. Run in a process of its own."""
    paths = {artifact(number, path).sha256: path for number, path in enumerate(sorted(folder.iterdir()))}
    ad, bed, recorded, theme = (artifact(number, path) for number, path in enumerate(sorted(folder.iterdir())))
    lines = round(minutes * 60 / LINE_S)
    recording = Recording(
        audio=recorded,
        sample_rate_hz=RATE_HZ,
        channels=1,
        duration_s=minutes * 60,
        lines=tuple(
            LineTime(index=line, start_s=line * LINE_S + 0.3, end_s=(line + 1) * LINE_S - 0.3, take="t", voice="v")
            for line in range(lines)
        ),
        requests=1,
    )
    a_chapter = round(CHAPTER_S / LINE_S)
    script = script_of(*(min(a_chapter, lines - first) for first in range(0, lines, a_chapter)))
    piece = Piece(file=theme, overlap_s=3)
    music = Sound(
        intro=piece,
        outro=piece,
        sting=piece.model_copy(update={"length_s": 3}),
        bed=Bed(file=bed),
        ads=(Ad(file=ad, at="before"), Ad(file=ad, at="between"), Ad(file=ad, at="after")),
    )
    idle_mb, begun = peak_mb(), time.process_time()
    program = program_of(script, recording, None if plain else music, lambda wanted: paths[wanted.sha256], 2)
    laid_out = time.process_time()
    frames = sum(len(block) for block in program.sound)
    done = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "minutes": round(frames / RATE_HZ / 60, 2),
                "layout_cpu_s": round(laid_out - begun, 1),
                "pass_cpu_s": round(time.process_time() - laid_out, 1),
                "all_cpu_s": round(done.ru_utime + done.ru_stime, 1),
                "idle_mb": idle_mb,
                "peak_mb": peak_mb(),
            }
        )
    )


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]), float(sys.argv[3]), plain=sys.argv[4] == "plain")
        return
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 180.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "recording.flac", speech_like(LOOP_S), minutes * 60)
        write(folder / "bed.flac", chord(LOOP_S, sample_rate_hz=48_000, channels=2), minutes * 30, 48_000)
        write(folder / "theme.mp3", chord(15.0, channels=2), 15)
        write(folder / "ad.ogg", speech_like(20, sample_rate_hz=22_050), 20, 22_050)
        for kind in ("music", "plain"):
            asked = [sys.executable, "-m", "benchmarks.music", "--measure", name, str(minutes), kind]
            print(kind, end=" ", flush=True)
            subprocess.run(asked, check=True)


if __name__ == "__main__":
    main()
