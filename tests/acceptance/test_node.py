"""The node: it restarts what dies, takes no port in use, and leaves no process behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

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
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "podcast_tasks", "inspect", "ping", "--timeout", "3"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return all(f"{name}@" in done.stdout for name in ("text", "synthesis", "verification", "audio", "upkeep"))


def test_a_node_lives_and_ends(node, environment, podmill_home: Path, tmp_path: Path):
    """Five workers answer Celery's own ping from any folder; a killed one comes back; Ctrl-C leaves nothing."""
    wait_for(lambda: answers_ping(environment, tmp_path), "five workers that answer")
    victim = next(pid for pid, command in ours(podmill_home).items() if "--hostname=audio@" in command)
    os.kill(victim, signal.SIGKILL)
    wait_for(
        lambda: any("--hostname=audio@" in command for pid, command in ours(podmill_home).items() if pid != victim),
        "another audio worker",
    )
    node.send_signal(signal.SIGINT)

    assert node.wait(60) == 0
    wait_for(lambda: ours(podmill_home) == {}, "no process left", seconds=5)


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


def test_two_nodes_on_one_home_are_refused(node, podmill: Command):
    """The second one says so and exits with 2; the first one goes on."""
    done = podmill("up")

    assert done.returncode == 2
    assert "already" in done.stderr
    assert node.poll() is None
