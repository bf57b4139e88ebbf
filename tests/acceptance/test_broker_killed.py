"""The node's own broker dies while an episode is made."""

import os
import signal
import time
from pathlib import Path

import pytest
import redis

from podmill import nodefile
from podmill.settings import load
from tests.acceptance.conftest import Command, answer
from tests.acceptance.test_kills import published_once

pytestmark = pytest.mark.slow


def test_the_broker_is_started_again_with_its_data(node, podmill: Command, script: Path, podmill_home: Path):
    """On the same port, with what it held; the workers find it, and the episode is published once."""
    info = nodefile.read(load({"PODMILL_HOME": str(podmill_home)})[0])
    assert info is not None
    submitted = answer(podmill("submit", script, "--json"))
    client = redis.Redis.from_url(info.broker_url, socket_timeout=2)
    client.set("kept", "yes")
    time.sleep(1.2)  # it writes to disk every second
    killed = client.info("server")["process_id"]
    os.kill(killed, signal.SIGKILL)
    done = podmill("watch", submitted["batch"])

    assert done.returncode == 0, done.stderr
    published_once(answer(podmill("status", submitted["batch"], "--json")))
    assert client.get("kept") == b"yes"
    assert client.info("server")["process_id"] != killed
    client.close()
