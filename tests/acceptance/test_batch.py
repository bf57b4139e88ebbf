"""A batch from end to end: one command, real workers, published episodes, and nothing left behind."""

from pathlib import Path

import feedparser
import podcastparser
import psutil
import pytest

from tests.acceptance.conftest import Command, answer
from tests.acceptance.fleet import Fleet
from tests.acceptance.second_meter import measured_by_ffmpeg

pytestmark = pytest.mark.slow

BATCH = """
show: {slug: harbour, title: Harbour Lights, description: Lamps and lenses., author: The Keepers}
defaults: {minutes: 0.5}
episodes:
  - {title: A script, script: harbour.txt}
  - {topic: lighthouses, sources: [lighthouses.md]}
  - {title: No length, script: harbour.txt, minutes: 0}
  - {topic: nothing to go by}
"""
SOURCE = """# Lighthouses

A lighthouse is a tower with a bright lamp at the top. The lamp of a lighthouse warns ships of rocks and sand.
The keeper of a lighthouse cleaned the glass of the lamp every morning. The first lighthouses burned wood and coal
on open fires. Later lighthouses burned oil behind a glass lens. The lens of a lighthouse bends the light into one
strong beam. Most lighthouses today work without a keeper, because the lamp is electric.
"""


@pytest.fixture
def batch(tmp_path: Path, script: Path) -> Path:
    (tmp_path / "lighthouses.md").write_text(SOURCE)
    path = tmp_path / "batch.yaml"
    path.write_text(BATCH)
    return path


def test_a_batch_end_to_end(podmill: Command, batch: Path, environment, broker: str, podmill_home: Path):
    """Two good rows are published at the right quality; two bad ones are named by line and field; exit code 1."""
    done = podmill("produce", batch, "--json")
    report = answer(done)

    assert done.returncode == 1
    assert [episode["state"] for episode in report["episodes"]] == ["published", "published"]
    assert {"minutes", "sources"} == {row["field"] for row in report["refused"]}
    for episode in report["episodes"]:
        assert episode["word_accuracy"] >= 0.94
        assert -16.1 <= episode["loudness_lufs"] <= -15.9
        assert episode["true_peak_dbtp"] <= -1.0
        loudness_lufs, true_peak_dbtp = measured_by_ffmpeg(Path(episode["audio_path"]))
        assert abs(loudness_lufs + 16) <= 0.2
        assert true_peak_dbtp <= -0.9
        assert Path(episode["transcript_path"]).read_text().startswith("WEBVTT")
        assert [{"target": each["target"]} for each in episode["publications"]] == [{"target": "folder"}]
    _feed_agrees(Path(report["feed_path"]), report["episodes"])
    _nothing_is_left(podmill_home)

    with Fleet(environment, broker):
        again = answer(podmill("produce", batch, "--json"))
    assert report == again, "the same file again makes nothing"

    page = podmill_home / "report.html"
    assert podmill("report", report["batch"], "--html", page).returncode == 0
    assert "<svg" in page.read_text()
    assert report["episodes"] == answer(podmill("status", report["batch"], "--json"))["episodes"]


def _feed_agrees(path: Path, episodes: list[dict[str, object]]) -> None:
    by_guid = {str(episode["id"]): episode for episode in episodes}
    with path.open("rb") as stream:
        feed = podcastparser.parse("http://127.0.0.1/feed.xml", stream)
    assert set(by_guid) == {item["guid"] for item in feed["episodes"]}
    for item in feed["episodes"]:
        enclosure = item["enclosures"][0]
        assert Path(str(by_guid[item["guid"]]["audio_path"])).stat().st_size == enclosure["file_size"]
    assert not feedparser.parse(path.read_bytes()).bozo


def _nothing_is_left(home: Path) -> None:
    assert [path for path in (home / "tmp").rglob("*") if path.is_file()] == []
    ours = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline", "environ"])
        if (process.info["environ"] or {}).get("PODMILL_HOME") == str(home)
    ]
    assert ours == []
