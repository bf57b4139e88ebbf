"""The web server as ``podmill up`` starts it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def running(home: Path, **env: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The process that serves what is published in ``home``, and its port; its log is ``web.log`` there."""
    log = home / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "podmill.web.server", "--port", "0"],
            cwd=ROOT,
            env={**os.environ, "PODMILL_HOME": str(home), **env},
            stderr=output,
        )
    try:
        deadline = time.monotonic() + 60
        while not (said := re.search(r"Listening on http://127\.0\.0\.1:(\d+)\n", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield process, int(said[1])
    finally:
        process.terminate()
        process.wait(timeout=20)
