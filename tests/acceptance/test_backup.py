"""A node in one file: made while it runs, restored on another home folder, killed at any moment of either."""

import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import Command, answer
from tests.acceptance.test_kills import published_once

pytestmark = pytest.mark.slow


def rearrange(script: Path, number: int) -> Path:
    """Another episode, of the same length."""
    path = script.with_name(f"episode{number}.txt")
    path.write_text(script.read_text().replace("Today", f"Today, part {number},"))
    return path


def wait_until(podmill: Command, batch: str, step: str) -> None:
    """Until every episode of the batch is at least at this step."""
    steps = ("research", "scripting", "cost_check", "synthesis", "verification", "loudness", "publishing")
    give_up_at = time.monotonic() + 120
    while any(
        steps.index(episode["step"]) < steps.index(step)
        for episode in answer(podmill("status", batch, "--json"))["episodes"]
    ):
        assert time.monotonic() < give_up_at


def stop(node: "subprocess.Popen[bytes]") -> None:
    node.send_signal(signal.SIGKILL)
    node.wait()


def test_an_episode_half_way_is_finished_on_another_machine(
    node, podmill: Command, script: Path, environment, podmill_home: Path, tmp_path: Path
):
    """One published, one being spoken: after the restore both are published once, and only the second is worked on."""
    first = answer(podmill("submit", rearrange(script, 1), "--json"))["batch"]
    assert podmill("watch", first).returncode == 0
    second = answer(podmill("submit", rearrange(script, 2), "--json"))["batch"]
    wait_until(podmill, second, "synthesis")
    backup = tmp_path / "node.tar.gz"
    done = podmill("backup", backup, "--json")
    assert done.returncode == 0, done.stderr
    before = answer(podmill("status", first, "--json"))
    stop(node)
    node.returncode = 0
    password = (podmill_home / "password").read_bytes()

    environment["PODMILL_HOME"] = str(tmp_path / "new machine")
    restored = podmill("restore", backup, "--json")
    assert restored.returncode == 0, restored.stderr
    with subprocess.Popen(
        [sys.executable, "-m", "podmill.cli", "up"], env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL
    ) as up:
        try:
            assert podmill("watch", second).returncode == 0
        finally:
            stop(up)
    after = answer(podmill("status", first, "--json"))
    published_once(answer(podmill("status", second, "--json")) | {"episodes": both(podmill, first, second)}, count=2)
    assert [each["id"] for each in after["episodes"]] == [each["id"] for each in before["episodes"]]
    assert [each["requests"] for each in both(podmill, first, second)] == [4, 1], (
        "the takes came along: three of the four lines were spoken before"
    )
    assert Path(after["episodes"][0]["audio_path"]).is_relative_to(environment["PODMILL_HOME"])
    assert (tmp_path / "new machine" / "password").read_bytes() != password


def both(podmill: Command, *batches: str) -> list[dict]:
    return [each for batch in batches for each in answer(podmill("status", batch, "--json"))["episodes"]]


def test_killed_while_it_is_made_there_is_no_backup(podmill: Command, environment, tmp_path: Path):
    """Nothing has its name; an older one of that name is still whole; the next one is made as if nothing had been."""
    podmill("status")
    backup = tmp_path / "node.tar"
    assert podmill("backup", backup).returncode == 0
    older = backup.read_bytes()
    kill_at(environment, tmp_path, "backup:written")
    assert podmill("backup", backup).returncode == -signal.SIGKILL

    assert backup.read_bytes() == older
    assert podmill("backup", backup).returncode == 0
    assert tarfile.is_tarfile(backup)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["marks", "node.tar"]


@pytest.mark.parametrize("point", ["restore:unpacked", "restore:swapping"])
def test_killed_while_it_is_restored(podmill: Command, environment, script: Path, tmp_path: Path, point: str):
    """Before the exchange all is as it was; within it the same command finishes it."""
    submitted = answer(podmill("submit", script, "--json"))
    backup = tmp_path / "node.tar"
    assert podmill("backup", backup).returncode == 0
    later = answer(podmill("submit", rearrange(script, 2), "--json"))
    kill_at(environment, tmp_path, point)
    assert podmill("restore", backup, "--force").returncode == -signal.SIGKILL

    if point == "restore:unpacked":
        assert podmill("status", later["batch"]).returncode == 0
        assert podmill("restore", backup, "--force").returncode == 0
    else:
        refused = podmill("status")
        assert (refused.returncode, "podmill up" in refused.stderr) == (2, True)
        assert podmill("restore", backup).returncode == 0
    report = answer(podmill("produce", script, "--json"))
    assert report["batch"] == submitted["batch"]
    published_once(report)
    assert podmill("status", later["batch"]).returncode == 2
    assert [path.name for path in Path(environment["PODMILL_HOME"]).iterdir() if "restoring" in path.name] == []


def kill_at(environment: dict[str, str], folder: Path, point: str) -> None:
    """From now on the first process that comes there dies."""
    marks = folder / "marks"
    marks.mkdir()
    environment["PODMILL_FAULT_POINTS"], environment["PODMILL_FAULT_DIR"] = point, str(marks)


def test_refusals_change_nothing(node, podmill: Command, environment, script: Path, tmp_path: Path):
    """A node that runs, a damaged file, a home folder in use, PostgreSQL: exit 2, a message, no traceback."""
    backup = tmp_path / "node.tar"
    assert podmill("backup", backup).returncode == 0
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(backup.read_bytes()[:-6000])
    refusals = [(podmill("restore", backup, "--force"), "node is running")]
    environment["PODMILL_HOME"] = str(tmp_path / "empty")
    refusals.append((podmill("restore", damaged), "Not a whole backup"))
    refusals.append((podmill("restore", tmp_path / "nothing.tar"), "no such file"))
    refusals.append((podmill("backup", tmp_path / "b.tar"), "nothing to back up"))
    assert podmill("restore", backup).returncode == 0
    refusals.append((podmill("restore", backup), "--force"))
    environment["PODMILL_DATABASE_URL"] = "postgresql+psycopg://nobody@127.0.0.1:1/x"
    refusals.append((podmill("backup", tmp_path / "b.tar"), "pg_dump"))
    refusals.append((podmill("restore", backup), "pg_dump"))

    for done, said in refusals:
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "b.tar").exists()
