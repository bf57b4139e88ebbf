"""What runs on a node."""

import re
from pathlib import Path

import pytest

from podcast_tasks.queues import NAMES
from podmill.node import service
from podmill.settings import load

KEY = {"PODMILL_ELEVENLABS_API_KEY": "k"}


def served(home: Path, **env: str) -> dict[str, str]:
    """Pool and concurrency of the worker of each queue."""
    workers = service.workers(load({"PODMILL_HOME": str(home), **env})[0])
    found: dict[str, str] = {}
    for worker in workers:
        line = " ".join(worker.argv)
        queues, pool, count = re.findall(r"--(?:queues|pool|concurrency)=(\S+)", line)
        for queue in queues.split(","):
            assert queue not in found, f"{queue} is served twice"
            found[queue] = f"{pool} {count}"
    return found


@pytest.mark.parametrize("env", [{}, KEY], ids=["no key", "a key"])
def test_every_queue_is_served_once(podmill_home: Path, env: dict[str, str]):
    """No step can wait for a worker that is not there."""
    assert served(podmill_home, **env).keys() == set(NAMES)


def test_paid_speech_has_its_own_threads_only_where_there_is_a_key(podmill_home: Path):
    """Thirty with a key, three for each request at once; without one it costs no process."""
    assert served(podmill_home)["synthesis.api"] == "threads 4"
    for name in ("ELEVENLABS_API_KEY", "MINIMAX_API_KEY", "AZURE_SPEECH_KEY"):
        assert served(podmill_home, **{f"PODMILL_{name}": "k"})["synthesis.api"] == "threads 30"
    assert served(podmill_home, PODMILL_REQUESTS_AT_ONCE="40", **KEY)["synthesis.api"] == "threads 64"
    assert served(podmill_home, **KEY)["publishing"] == "threads 4"
