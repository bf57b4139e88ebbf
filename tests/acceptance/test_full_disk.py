"""A full disk: what has begun waits, says why, and goes on by itself once there is room."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import warm
from tests.acceptance.conftest import Command, answer
from tests.acceptance.fleet import Fleet

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


def wait_for(pattern: str, told: Path, seconds: float = 180) -> str:
    give_up_at = time.monotonic() + seconds
    while not (match := re.search(pattern, told.read_text())):
        assert time.monotonic() < give_up_at, told.read_text()
        time.sleep(0.05)
    return match[0]


def test_a_disk_that_is_full_half_way(podmill: Command, script: Path, environment, broker: str, tmp_path: Path):
    """The command that waits says why; with room the episode is published without a word, no line spoken twice."""
    free_mb = shutil.disk_usage(tmp_path).free // MEGABYTE
    if free_mb < 4 * MARGIN_MB:
        pytest.skip("too little disk to fill it on purpose")
    environment["PODMILL_DISK_RESERVE_MB"] = str(free_mb - MARGIN_MB)
    told, report = tmp_path / "told.txt", tmp_path / "report.json"
    with Fleet(environment, broker):
        watching = warm.start(["podmill.cli", "produce", str(script), "--json"], environment, tmp_path, report, told)
        wait_for(r"running, (synthesis|verification)", told)
        with filled(tmp_path):
            line = wait_for(r"parked, \w+: .*", told)
            episode = answer(podmill("status", "--json"))["batches"][0]["episodes"]
            assert watching.poll() is None
            assert re.search(r"Not enough disk to .* MB free", line)
            assert episode == {"parked": 1}
        wait_for("published", told)
        assert watching.wait(60) == 0

    assert [4] == [each["requests"] for each in json.loads(report.read_text())["episodes"]]


def test_a_disk_that_is_too_full_to_begin(podmill: Command, script: Path, environment, broker: str):
    """Nothing is made, and the status names the room that is wanted."""
    environment["PODMILL_DISK_RESERVE_MB"] = "100000000"
    with Fleet(environment, broker) as fleet:
        batch = answer(podmill("submit", script, "--json"))["batch"]
        fleet.wait(lambda: fleet.status(batch).episodes[0].state == "parked")
        (found,) = answer(podmill("status", batch, "--json"))["episodes"]

    assert (found["step"], found["requests"]) == ("research", 0)
    assert re.search(r"Not enough disk to begin research: .* kept in reserve", found["activity"])
