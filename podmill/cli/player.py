"""Playing a sound file with whatever player this machine has."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

PLAYERS: Final = (
    ("afplay",),
    ("pw-play",),
    ("paplay",),
    ("ffplay", "-autoexit", "-nodisp", "-loglevel", "error"),
    ("aplay", "-q"),
    ("mpv", "--no-video", "--really-quiet"),
)
"""Of macOS, PipeWire, PulseAudio, ffmpeg, ALSA and mpv; the first that is there and can."""


def play_file(file: Path) -> bool:
    """Play a WAV file to its end; False when no player is installed, or none reaches a loudspeaker."""
    for name, *options in PLAYERS:
        found = shutil.which(name)
        if found is None:
            continue
        try:
            done = subprocess.run(  # noqa: S603 - a program of the system, and a file of ours
                [found, *options, str(file)], stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except OSError:
            continue
        if done.returncode == 0:
            return True
    return False
