"""The node's own broker dies while an episode is made."""

import os
import signal
import time
from pathlib import Path

import pytest
import redis

from models.steps import STEPS
from podmill.node import broker
from podmill.node.supervisor import Supervisor
from tests.acceptance.tiny_node import TinyNode

pytestmark = pytest.mark.slow


def test_the_broker_is_started_again_with_its_data(podmill_home: Path):
    """On the same port, with what it held; the workers find it, and the episode is published once."""
    port = broker.free_port()
    url = f"redis://127.0.0.1:{port}/0"
    supervisor = Supervisor(podmill_home / "logs", {})
    supervisor.start(broker.service(podmill_home / "broker", port))
    try:
        broker.wait_until_ready(url)
        with TinyNode(podmill_home, url, PODMILL_LEASE_S="2", PODMILL_RECONCILE_S="1") as node:
            node.upkeep()
            worker = node.worker("threads")
            client = redis.Redis.from_url(url, socket_timeout=2)
            client.set("kept", "yes")
            (episode_id,) = node.make("sleep:4")
            node.wait(lambda: node.has(episode_id, "begun1"))
            time.sleep(1.2)  # it writes to disk every second
            killed = client.info("server")["process_id"]
            os.kill(killed, signal.SIGKILL)
            node.wait(lambda: node.is_published(episode_id))

            assert node.records(episode_id) == len(STEPS)
            assert worker.poll() is None
            assert client.get("kept") == b"yes"
            assert client.info("server")["process_id"] != killed
            client.close()
    finally:
        supervisor.stop(5)
