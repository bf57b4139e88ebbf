"""Named fault points: places between two effects where a test may kill the process.

Nothing happens unless ``PODMILL_FAULT_POINTS`` names the point and ``PODMILL_FAULT_DIR`` a folder; each point then
kills its process once, with SIGKILL, and leaves a file there that says it did.
"""

import os
import signal
from pathlib import Path

from podmill.settings import current


def hit(point: str) -> None:
    """Die here, once, if a test asked for it."""
    settings = current()
    if settings.fault_dir is None or point not in settings.fault_points:
        return
    try:
        marker = Path(settings.fault_dir) / point.replace(":", "-")
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
