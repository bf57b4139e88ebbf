"""Whole episodes by real processes: the command line, its node, its Celery workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from podmill import nodefile
from podmill.settings import load
from tests import warm

SCRIPT = """# Harbour lights

## The lamp

[S1] Welcome to the show. Today we talk about lighthouses.
[S2] A lighthouse is a tower with a bright lamp at the top.

## The lens

[S1] The lens was made of many rings of glass.
[S2] It bent the light into one strong beam for ships at sea.
"""
"""Four short lines that the small models speak and hear without a mistake."""

FAST = {
    "PODMILL_LEASE_S": "2",
    "PODMILL_RECONCILE_S": "1",
    "PODMILL_RETRY_BASE_S": "0.2",
    "PODMILL_DISK_WAIT_S": "6",
    "PODMILL_DISK_RESERVE_MB": "1",
    "PODMILL_WEB_PORT": "0",
    "PODMILL_FLOWER_PORT": "0",
}
"""Settings that make recovery quick; the mechanisms are the same."""

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.txt"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def environment(podmill_home: Path) -> dict[str, str]:
    """Of every process of this test; a test may add to it."""
    return {**os.environ, **FAST, "PODMILL_HOME": str(podmill_home)}


@pytest.fixture
def podmill(environment: dict[str, str], tmp_path: Path) -> Command:
    """Runs the command line to its end, from a folder that is not the project's."""

    def run(*arguments: str | Path, seconds: float = 240) -> "subprocess.CompletedProcess[str]":
        return warm.run(["podmill.cli", *map(str, arguments)], environment, tmp_path, seconds)

    return run


def answer(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """The JSON object a command printed; what it logged is shown when it printed none."""
    try:
        loaded: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        pytest.fail(f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return loaded


@pytest.fixture
def node(environment: dict[str, str], tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """``podmill up`` in the background, stopped as Ctrl-C does."""
    log = tmp_path / "up.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "podmill.cli", "up"], env=environment, cwd=tmp_path, stdout=out, stderr=out
        )
    settings, _ = load({"PODMILL_HOME": environment["PODMILL_HOME"]})
    give_up_at = time.monotonic() + 30
    while nodefile.read(settings) is None:
        if process.poll() is not None or time.monotonic() > give_up_at:
            process.kill()
            pytest.fail(log.read_text())
        time.sleep(0.1)
    yield process
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0, log.read_text()
