"""The feed as programs that we did not write read it."""

import datetime as dt
import html
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import feedparser
import podcastparser
import pytest

from podmill.publishing import publish
from tests.releases import SHOW, Studio, mp3

HOSTILE = '<script>alert("x")</script> ]]> &amp; \x00 \u202e\u05e9\u05dc\u05d5\u05dd \U0001f680'
SHOWN = '<script>alert("x")</script> ]]> &amp; \u05e9\u05dc\u05d5\u05dd \U0001f680'
MOON = "https://podcasts.example.org/night-sky/episodes/the-moon-is-leaving-6583cba4/"

PARTYTIME = """
const { parseFeed } = require("podcast-partytime");
const feed = parseFeed(require("fs").readFileSync(process.argv[1], "utf8"));
console.log("\\n" + JSON.stringify(feed));
"""
FEEDSMITH = """
const { parseRssFeed } = require("feedsmith");
console.log("\\n" + JSON.stringify(parseRssFeed(require("fs").readFileSync(process.argv[1], "utf8"))));
"""


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """Two episodes: an ordinary one, and a newer one whose words are hostile."""
    studio = Studio(tmp_path / "studio")
    publish(studio.release(), studio.context)
    hostile = studio.release("second", HOSTILE, summary=HOSTILE, published_at="2026-11-22T00:00:00Z", artwork="red")
    publish(hostile, studio.context)
    return studio.show_dir / "feed.xml"


def test_podcastparser_reads_what_was_published(feed: Path) -> None:
    """gPodder's parser: show, episodes, sizes, times and guids."""
    with feed.open("rb") as stream:
        read = podcastparser.parse("https://podcasts.example.org/night-sky/feed.xml", stream)
    second, first = read["episodes"]

    assert (read["title"], read["itunes_author"], read["language"]) == (SHOW.title, SHOW.author, "en")
    assert read["itunes_categories"] == [["Science", "Astronomy"]]
    assert (first["title"], first["guid"], first["total_time"]) == ("The Moon is leaving", "0193-first", 6)
    assert first["published"] == int(dt.datetime(2026, 11, 21, 4, 37, 13, tzinfo=dt.UTC).timestamp())
    assert first["enclosures"] == [
        {"url": f"{MOON}the-moon-is-leaving.mp3", "file_size": len(mp3()), "mime_type": "audio/mpeg"}
    ]
    assert (second["title"], second["guid"], second["explicit"]) == (SHOWN, "second", False)
    assert "<script" not in second["description_html"]


def test_feedparser_finds_nothing_wrong(feed: Path) -> None:
    """The most used parser: well-formed, words as words, links whole."""
    read = feedparser.parse(feed.read_bytes())

    assert read.bozo is False
    assert [entry.title for entry in read.entries] == [SHOWN, "The Moon is leaving"]
    assert [entry.id for entry in read.entries] == ["second", "0193-first"]
    assert read.entries[1].links[1].length == str(len(mp3()))
    assert read.entries[1].published_parsed[:6] == (2026, 11, 21, 4, 37, 13)
    assert read.feed.podcast_guid == SHOW.guid
    assert "00:00:02 Why it leaves" in read.entries[1].summary


def by_node(program: str, package: str, feed: Path) -> Any:
    """What a Node package makes of the feed; NODE_PATH says where it is installed."""
    node = shutil.which("node")
    installed = (
        node
        and subprocess.run([node, "-e", f"require.resolve({package!r})"], capture_output=True, timeout=120).returncode
        == 0
    )
    if not node or not installed:
        pytest.skip(f"needs Node.js and {package}: npm install {package}, and NODE_PATH set to its node_modules")
    read = subprocess.run(
        [node, "-e", program, str(feed)], capture_output=True, text=True, check=True, env=os.environ, timeout=120
    )
    return json.loads(read.stdout.strip().splitlines()[-1])


def test_the_podcast_index_reads_the_new_tags(feed: Path) -> None:
    """Podcast Index's parser keeps both items and understands guid, transcripts, chapters and persons."""
    read = by_node(PARTYTIME, "podcast-partytime", feed)
    first = read["items"][1]

    assert [item["guid"] for item in read["items"]] == ["second", "0193-first"]
    assert read["guid"] == SHOW.guid
    assert read["items"][0]["title"] == html.unescape(SHOWN)  # it unescapes once more than was escaped
    assert (first["enclosure"]["url"], first["enclosure"]["length"]) == (f"{MOON}the-moon-is-leaving.mp3", len(mp3()))
    assert sorted(each["type"] for each in first["podcastTranscripts"]) == [
        *("application/json", "application/srt", "text/vtt"),  # its own name for application/x-subrip
    ]
    assert first["podcastChapters"]["url"] == f"{MOON}chapters.json"
    assert [person["name"] for person in first["podcastPeople"]] == ["Joe", "Ada & Co"]


def test_feedsmith_reads_the_disclosure(feed: Path) -> None:
    """A parser that knows every tag finds the AI disclosure on show and episodes."""
    read = by_node(FEEDSMITH, "feedsmith", feed)

    for part in (read, *read["items"]):
        assert part["podcast"]["txts"] == [{"display": "true", "purpose": "ai-content"}]
    assert read["podcast"]["guid"] == SHOW.guid
    assert read["podcast"]["medium"] == "podcast"
    assert read["itunes"]["categories"] == [{"text": "Science", "categories": [{"text": "Astronomy"}]}]
