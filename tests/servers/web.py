"""The web server as ``podmill up`` starts it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import warm

ROOT = Path(__file__).parents[2]
SERVER = ("podmill.web.server", "--port", "0")
Process = warm.Forked | subprocess.Popen[bytes]


@contextmanager
def running(home: Path, *, is_warm: bool = True, **env: str) -> Iterator[tuple[Process, int]]:
    """The process that serves what is published in ``home``, and its port; its log is ``web.log`` there."""
    log = home / "web.log"
    environment = {**os.environ, "PODMILL_HOME": str(home), **env}
    process: Process
    if is_warm:
        process = warm.start(SERVER, environment, ROOT, log)
    else:
        with log.open("wb") as output:
            process = subprocess.Popen([sys.executable, "-m", *SERVER], cwd=ROOT, env=environment, stderr=output)
    try:
        deadline = time.monotonic() + 60
        while not (said := re.search(r"Listening on http://127\.0\.0\.1:(\d+)\n", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield process, int(said[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
