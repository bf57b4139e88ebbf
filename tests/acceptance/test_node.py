"""The node: it restarts what dies, takes no port in use, and leaves no process behind."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import redis

from podmill import nodefile
from podmill.settings import load
from tests import warm
from tests.acceptance.conftest import Command

pytestmark = pytest.mark.slow


def ours(home: Path) -> dict[int, str]:
    """Processes that were started for a home folder: pid and command line."""
    found = {}
    for process in psutil.process_iter(["pid", "cmdline", "environ"]):
        if (process.info["environ"] or {}).get("PODMILL_HOME") == str(home):
            found[process.info["pid"]] = " ".join(process.info["cmdline"] or [])
    return found


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 40) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            pytest.fail(f"not in time: {what}")
        time.sleep(0.2)


def answers_ping(environment: dict[str, str], folder: Path) -> bool:
    ping = ["celery", "-A", "podcast_tasks", "inspect", "ping", "--timeout", "3"]
    told = warm.run(ping, environment, folder, seconds=120).stdout
    return all(f"{name}@" in told for name in ("text", "synthesis", "verification", "audio", "upkeep"))


def broker_of(home: Path) -> int:
    """Its process id. It overwrites its environment with a title, so it is not among ``ours``."""
    info = nodefile.read(load({"PODMILL_HOME": str(home)})[0])
    assert info is not None
    with redis.Redis.from_url(info.broker_url, socket_timeout=2) as client:
        return int(client.info("server")["process_id"])


def test_a_node_lives_and_ends(node, environment, podmill: Command, podmill_home: Path, tmp_path: Path):
    """Five workers answer a ping; a second node is refused; what is killed comes back; Ctrl-C leaves nothing."""
    wait_for(lambda: answers_ping(environment, tmp_path), "five workers that answer")
    second = podmill("up")
    assert second.returncode == 2
    assert "already" in second.stderr
    assert node.poll() is None

    broker = broker_of(podmill_home)
    killed = {pid for pid, command in ours(podmill_home).items() if "--hostname=audio@" in command} | {broker}
    assert len(killed) == 3, "a worker, its child and the broker"
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: answers_ping(environment, tmp_path), "another audio worker, by another broker")
    assert not killed & ours(podmill_home).keys()
    broker = broker_of(podmill_home)
    node.send_signal(signal.SIGINT)

    assert node.wait(60) == 0
    wait_for(lambda: ours(podmill_home) == {}, "no process left", seconds=5)
    assert not psutil.pid_exists(broker)


def test_a_killed_supervisor_takes_its_children_along(node, podmill_home: Path, podmill: Command):
    """After SIGKILL of the supervisor every child ends, and the next node starts on the same home folder."""
    if sys.platform != "linux":
        pytest.skip("only Linux can tie a child to its parent")
    wait_for(lambda: len(ours(podmill_home)) > 5, "the node's processes")
    node.kill()
    node.wait(30)

    wait_for(lambda: ours(podmill_home) == {}, "no process left", seconds=30)
    node.returncode = 0
    assert "no node" in podmill("doctor").stdout.lower()


def test_a_port_in_use_is_left_alone(podmill: Command, environment):
    """The node does not start, says which setting to change, and exits with 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment["PODMILL_WEB_PORT"] = str(taken.getsockname()[1])
        done = podmill("up")

    assert done.returncode == 2
    assert "PODMILL_WEB_PORT" in done.stderr
    assert "Traceback" not in done.stderr
