"""Kill anything, lose the broker: every episode is still published once."""

from pathlib import Path

import podcastparser
import pytest
import redis

from models.steps import STEPS, Step
from tests.acceptance.conftest import Command, answer
from tests.acceptance.fleet import Fleet

pytestmark = pytest.mark.slow


def published_once(report, count: int = 1) -> None:
    """Every episode is published, and the feed holds each of them once."""
    assert ["published"] * count == [episode["state"] for episode in report["episodes"]], report
    with Path(report["feed_path"]).open("rb") as stream:
        guids = [item["guid"] for item in podcastparser.parse("http://127.0.0.1/feed.xml", stream)["episodes"]]
    assert sorted(episode["id"] for episode in report["episodes"]) == sorted(guids)


def test_a_worker_killed_in_each_step(podmill: Command, script: Path, environment, broker: str, tmp_path: Path):
    """SIGKILL before and after each of the seven steps is recorded, and between two takes: no line is spoken twice."""
    marks = tmp_path / "marks"
    marks.mkdir()
    points = {f"{step}:{moment}" for step in STEPS for moment in ("worked", "recorded")} | {"synthesis:part"}
    environment["PODMILL_FAULT_POINTS"] = ",".join(points)
    environment["PODMILL_FAULT_DIR"] = str(marks)

    with Fleet(environment, broker) as fleet:
        report = fleet.finish(podmill, answer(podmill("submit", script, "--json"))["batch"])

    assert points == {mark.name.replace("-", ":") for mark in marks.iterdir()}, "each kill struck"
    published_once(report)
    assert report["episodes"][0]["requests"] == 4


def test_the_broker_emptied_half_way(podmill: Command, script: Path, environment, broker: str, tmp_path: Path):
    """Every message is lost, twice; the reconciler finds what the database says is unfinished."""
    paths = [tmp_path / f"episode{number}.txt" for number in (1, 2)]
    for number, path in enumerate(paths, 1):
        path.write_text(script.read_text().replace("Today", f"Today, part {number},"))
    with Fleet(environment, broker) as fleet, redis.Redis.from_url(broker) as client:
        submitted = answer(podmill("submit", *paths, "--json"))
        for step in (Step.SCRIPTING, Step.SYNTHESIS):
            fleet.reach(step, submitted["batch"])
            client.flushall()
        report = fleet.finish(podmill, submitted["batch"])

    published_once(report, count=2)
