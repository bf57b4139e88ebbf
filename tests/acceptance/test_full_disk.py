"""A full disk: what has begun waits, says why, and goes on by itself once there is room."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.conftest import Command, answer

pytestmark = pytest.mark.slow

MEGABYTE = 1_000_000
MARGIN_MB = 1000
"""What other programs may write or remove meanwhile without changing the outcome."""


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Less free than there was by two margins, for as long as this lasts."""
    file = folder / "filler"
    try:
        with file.open("wb") as out:
            os.posix_fallocate(out.fileno(), 0, 2 * MARGIN_MB * MEGABYTE)
        yield
    finally:
        file.unlink(missing_ok=True)


@pytest.fixture
def environment(environment: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    """A node is one that finds no room at all."""
    if "node" in request.fixturenames:
        environment["PODMILL_DISK_RESERVE_MB"] = "100000000"
    return environment


@pytest.fixture
def produce(environment: dict[str, str], script: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """An episode in the making, on a disk with one margin of room."""
    free_mb = shutil.disk_usage(tmp_path).free // MEGABYTE
    if free_mb < 4 * MARGIN_MB:
        pytest.skip("too little disk to fill it on purpose")
    environment["PODMILL_DISK_RESERVE_MB"] = str(free_mb - MARGIN_MB)
    with (tmp_path / "told.txt").open("w") as told, (tmp_path / "report.json").open("w") as report:
        process = subprocess.Popen(
            [sys.executable, "-m", "podmill.cli", "produce", str(script), "--json"],
            env=environment,
            cwd=tmp_path,
            stdout=report,
            stderr=told,
            text=True,
        )
    yield process
    process.terminate()
    process.wait(60)


def wait_for(pattern: str, told: Path, seconds: float = 180) -> str:
    give_up_at = time.monotonic() + seconds
    while not (match := re.search(pattern, told.read_text())):
        assert time.monotonic() < give_up_at, told.read_text()
        time.sleep(0.05)
    return match[0]


def test_a_disk_that_is_full_half_way(produce: "subprocess.Popen[str]", podmill: Command, tmp_path: Path):
    """The command that waits says why; with room the episode is published without a word, no line spoken twice."""
    told = tmp_path / "told.txt"
    wait_for(r"running, (synthesis|verification)", told)
    with filled(tmp_path):
        line = wait_for(r"parked, \w+: .*", told)
        episode = answer(podmill("status", "--json"))["batches"][0]["episodes"]
        assert produce.poll() is None
        assert re.search(r"Not enough disk to .* MB free", line)
        assert episode == {"parked": 1}
    wait_for("published", told)

    assert produce.wait(60) == 0
    report = subprocess.CompletedProcess([], 0, (tmp_path / "report.json").read_text(), told.read_text())
    assert [each["requests"] for each in answer(report)["episodes"]] == [4]


def test_a_disk_that_is_too_full_to_begin(environment, node, podmill: Command, script: Path):
    """Nothing is made, and the status names the room that is wanted."""
    submitted = answer(podmill("submit", script, "--json"))
    give_up_at = time.monotonic() + 60
    while (found := answer(podmill("status", submitted["batch"], "--json"))["episodes"][0])["state"] != "parked":
        assert time.monotonic() < give_up_at, found

    assert (found["step"], found["requests"]) == ("research", 0)
    assert re.search(r"Not enough disk to begin research: .* kept in reserve", found["activity"])
