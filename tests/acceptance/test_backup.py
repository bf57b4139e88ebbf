"""A node in one file: made while it runs, restored on another home folder, killed at any moment of either."""

import signal
import tarfile
from pathlib import Path

import pytest
import redis

from models.steps import Step
from podmill import nodefile
from podmill.settings import load
from tests.acceptance.conftest import Command, answer
from tests.acceptance.fleet import Fleet
from tests.acceptance.test_kills import published_once

pytestmark = pytest.mark.slow


def rearrange(script: Path, number: int) -> Path:
    """Another episode, of the same length."""
    path = script.with_name(f"episode{number}.txt")
    path.write_text(script.read_text().replace("Today", f"Today, part {number},"))
    return path


def test_an_episode_half_way_is_finished_on_another_machine(
    podmill: Command, script: Path, environment, broker: str, podmill_home: Path, tmp_path: Path
):
    """One published, one being spoken: after the restore both are published once, and only the second is worked on."""
    backup, new_home = tmp_path / "node.tar.gz", tmp_path / "new machine"
    password = nodefile.password(load({"PODMILL_HOME": str(podmill_home)})[0], None)
    with Fleet(environment, broker) as fleet:
        first = answer(podmill("submit", rearrange(script, 1), "--json"))["batch"]
        before = fleet.finish(podmill, first)
        second = answer(podmill("submit", rearrange(script, 2), "--json"))["batch"]
        fleet.reach(Step.SYNTHESIS, second)
        done = podmill("backup", backup, "--json")
        assert done.returncode == 0, done.stderr

    environment["PODMILL_HOME"] = str(new_home)
    restored = podmill("restore", backup, "--json")
    assert restored.returncode == 0, restored.stderr
    with redis.Redis.from_url(broker) as client:
        client.flushall()
    with Fleet(environment, broker) as fleet:
        fleet.finish(podmill, second)
    after = answer(podmill("status", first, "--json"))
    published_once(answer(podmill("status", second, "--json")) | {"episodes": both(podmill, first, second)}, count=2)
    assert [each["id"] for each in after["episodes"]] == [each["id"] for each in before["episodes"]]
    assert [each["requests"] for each in both(podmill, first, second)] == [4, 1], (
        "the takes came along: three of the four lines were spoken before"
    )
    assert Path(after["episodes"][0]["audio_path"]).is_relative_to(new_home)
    assert nodefile.password(load({"PODMILL_HOME": str(new_home)})[0], None) != password


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
def test_killed_while_it_is_restored(
    podmill: Command, environment, broker: str, script: Path, tmp_path: Path, point: str
):
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
    with Fleet(environment, broker) as fleet:
        published_once(fleet.finish(podmill, submitted["batch"]))
    assert podmill("status", later["batch"]).returncode == 2
    assert [path.name for path in Path(environment["PODMILL_HOME"]).iterdir() if "restoring" in path.name] == []


def kill_at(environment: dict[str, str], folder: Path, point: str) -> None:
    """From now on the first process that comes there dies."""
    marks = folder / "marks"
    marks.mkdir()
    environment["PODMILL_FAULT_POINTS"], environment["PODMILL_FAULT_DIR"] = point, str(marks)


def test_refusals_change_nothing(podmill: Command, environment, podmill_home: Path, tmp_path: Path):
    """A node that runs, a damaged file, a home folder in use, PostgreSQL: exit 2, a message, no traceback."""
    backup = tmp_path / "node.tar"
    podmill("status")
    # As a node does for as long as it runs: test_node.py.
    with nodefile.held(load({"PODMILL_HOME": str(podmill_home)})[0]):
        assert podmill("backup", backup).returncode == 0
        refusals = [(podmill("restore", backup, "--force"), "node is running")]
    damaged = tmp_path / "damaged.tar"
    # Half of it: what tar fills its last block up with may be missing.
    damaged.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
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
