"""A worker of threads that leaks ends in order; one that does not goes on."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration import leaking

ROOT = Path(__file__).parents[2]


def wait_for(condition: Callable[[], bool], log: Path, seconds: float = 60.0) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, log.read_text()[-4000:]
        time.sleep(0.05)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@pytest.fixture
def worker(celery_broker: str, podmill_home: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker of two threads that may hold 300 MB."""
    env = {**os.environ, "PODMILL_WORKER_MEMORY_MB": "300"}
    command = [sys.executable, "-m", "celery", "-A", "podcast_tasks", "worker", "--pool=threads", "--concurrency=2"]
    command += ["--queues=upkeep", "--include=tests.integration.leaking", "--without-gossip", "--without-mingle"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=out, stderr=out)
    try:
        wait_for(lambda: b"ready" in log.read_bytes(), log)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_worker_that_leaks_finishes_its_steps_and_ends(worker, tmp_path: Path, log: Path):
    """Below its limit it goes on; above, the step that runs comes to its end, and then the worker exits with 0."""
    began, gate, finished = (tmp_path / name for name in ("began", "gate", "finished"))
    leaking.work.apply_async((str(began), str(gate), str(finished)), queue="upkeep")
    leaking.leak.apply_async((100,), queue="upkeep")
    wait_for(began.exists, log)
    assert worker.poll() is None
    leaking.leak.apply_async((250,), queue="upkeep")
    wait_for(lambda: b"PODMILL_WORKER_MEMORY_MB (300)" in log.read_bytes(), log)
    gate.touch()

    assert worker.wait(30) == 0, log.read_text()[-4000:]
    assert finished.exists()
