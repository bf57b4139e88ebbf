"""Kill anything, lose the broker: every episode is still published once."""

import time
from pathlib import Path

import podcastparser
import pytest
import redis

from podmill import nodefile
from podmill.settings import load
from tests.acceptance.conftest import Command, answer

pytestmark = pytest.mark.slow

STEPS = ("research", "scripting", "cost_check", "synthesis", "verification", "loudness", "publishing")


def published_once(report, count: int = 1) -> None:
    """Every episode is published, and the feed holds each of them once."""
    assert ["published"] * count == [episode["state"] for episode in report["episodes"]], report
    with Path(report["feed_path"]).open("rb") as stream:
        guids = [item["guid"] for item in podcastparser.parse("http://127.0.0.1/feed.xml", stream)["episodes"]]
    assert sorted(episode["id"] for episode in report["episodes"]) == sorted(guids)


@pytest.mark.parametrize("moment", ["worked", "recorded"])
def test_a_worker_killed_in_each_step(podmill: Command, script: Path, environment, tmp_path: Path, moment: str):
    """One SIGKILL in each of the seven steps, at one moment of it: published once, no line spoken twice."""
    marks = tmp_path / "marks"
    marks.mkdir()
    environment["PODMILL_FAULT_POINTS"] = ",".join(f"{step}:{moment}" for step in STEPS)
    environment["PODMILL_FAULT_DIR"] = str(marks)

    report = answer(podmill("produce", script, "--json"))

    assert {f"{step}-{moment}" for step in STEPS} == {mark.name for mark in marks.iterdir()}, "each kill struck"
    published_once(report)
    assert report["episodes"][0]["requests"] == 4


def test_a_worker_killed_between_two_takes(podmill: Command, script: Path, environment, tmp_path: Path):
    """The takes spoken before the kill are not spoken again."""
    marks = tmp_path / "marks"
    marks.mkdir()
    environment["PODMILL_FAULT_POINTS"] = "synthesis:part"
    environment["PODMILL_FAULT_DIR"] = str(marks)

    report = answer(podmill("produce", script, "--json"))

    published_once(report)
    assert [mark.name for mark in marks.iterdir()] == ["synthesis-part"]
    assert report["episodes"][0]["requests"] == 4


def test_the_broker_emptied_half_way(node, podmill: Command, script: Path, podmill_home: Path, tmp_path: Path):
    """Every message is lost, twice; the reconciler finds what the database says is unfinished."""
    for number in range(2):
        (tmp_path / f"episode{number}.txt").write_text(
            script.read_text().replace("Today", f"Today, part {number + 1},")
        )
    submitted = answer(podmill("submit", tmp_path / "episode0.txt", tmp_path / "episode1.txt", "--json"))
    info = nodefile.read(load({"PODMILL_HOME": str(podmill_home)})[0])
    assert info is not None
    client = redis.Redis.from_url(info.broker_url)
    for _ in range(2):
        time.sleep(3)
        client.flushall()
    client.close()

    done = podmill("watch", submitted["batch"])
    assert done.returncode == 0, done.stderr
    published_once(answer(podmill("status", submitted["batch"], "--json")), count=2)
