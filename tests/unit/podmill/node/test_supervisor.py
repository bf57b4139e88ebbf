"""The supervisor restarts what dies and leaves no process behind."""

import os
import signal
import sys
import time

import psutil
import pytest

from podmill.node.service import Service
from podmill.node.supervisor import Supervisor

FAMILY = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(600)
"""

CHATTY = "import time\nfor n in range(100000):\n    print('line', n, flush=True)\n    time.sleep(0.002)"

SAYS_WHEN_IT_ENDS = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
print("ready", flush=True)
try:
    time.sleep(600)
finally:
    time.sleep(float(sys.argv[1]))
    print(time.monotonic(), flush=True)
"""


def wait_for(condition, seconds: float = 10.0):
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen in time")


@pytest.fixture
def supervisor(tmp_path):
    made = Supervisor(tmp_path / "logs", {})
    yield made
    made.stop(1.0)


def test_a_killed_service_is_started_again(supervisor):
    """Another process takes its place."""
    supervisor.start(Service("sleeper", (sys.executable, "-c", "import time; time.sleep(600)")))
    first = supervisor.pids()["sleeper"]
    os.kill(first, signal.SIGKILL)

    wait_for(lambda: supervisor.pids()["sleeper"] != first)


def test_stopping_ends_grandchildren_too(supervisor):
    """A process that a service started does not outlive it."""
    supervisor.start(Service("family", (sys.executable, "-c", FAMILY)))
    leader = psutil.Process(supervisor.pids()["family"])
    wait_for(lambda: len(leader.children()) == 1)
    child = leader.children()[0]
    supervisor.stop(1.0)

    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert not leader.is_running()


def test_a_log_is_bounded_while_its_service_runs(supervisor, tmp_path, monkeypatch):
    """What a service that never ends has written is moved aside, and what it writes then is in the log again."""
    monkeypatch.setattr("podmill.node.supervisor.LARGEST_LOG_BYTES", 1000)
    supervisor.start(Service("chatty", (sys.executable, "-u", "-c", CHATTY)))
    log, before = tmp_path / "logs" / "chatty.log", tmp_path / "logs" / "chatty.log.1"
    wait_for(before.exists)
    pid = supervisor.pids()["chatty"]

    assert before.read_bytes().startswith(b"line ")
    wait_for(lambda: 0 < log.stat().st_size < before.stat().st_size)
    assert b"\0" not in log.read_bytes()
    assert supervisor.pids()["chatty"] == pid


def test_the_first_service_ends_last_also_after_a_restart(supervisor, tmp_path):
    """A broker that was started again is still there while the workers hand back what they hold."""
    logs = {name: tmp_path / "logs" / f"{name}.log" for name in ("broker", "worker")}
    supervisor.start(Service("broker", (sys.executable, "-c", SAYS_WHEN_IT_ENDS, "0")))
    supervisor.start(Service("worker", (sys.executable, "-c", SAYS_WHEN_IT_ENDS, "0.5")))
    wait_for(lambda: all("ready" in log.read_text() for log in logs.values()))
    os.kill(supervisor.pids()["broker"], signal.SIGKILL)
    wait_for(lambda: logs["broker"].read_text().count("ready") == 2)
    supervisor.stop(5.0)

    ended = {name: float(log.read_text().split()[-1]) for name, log in logs.items()}
    assert ended["worker"] < ended["broker"]
