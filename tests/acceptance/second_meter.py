"""A meter that is not ours: ffmpeg's EBU R128 filter."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg


def measured_by_ffmpeg(path: Path) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP of a decoded file."""
    done = subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", "-i", str(path)),
            *("-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    summary = done.stderr.rpartition("Summary:")[2]
    loudness = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)
    assert loudness, done.stderr
    assert peak, done.stderr
    return float(loudness[1]), float(peak[1])
