"""Tasks of a worker that leaks, for ``test_recycling``."""

import time
from pathlib import Path

from podcast_tasks.app import app

kept: list[bytearray] = []


@app.task(name="leaking.leak")
def leak(megabytes: int) -> None:
    kept.append(bytearray(b"x") * (megabytes * 1_000_000))


@app.task(name="leaking.work")
def work(began: str, gate: str, finished: str) -> None:
    """Runs until the gate is there, then says that it came to its end."""
    Path(began).touch()
    while not Path(gate).exists():
        time.sleep(0.05)
    Path(finished).touch()
