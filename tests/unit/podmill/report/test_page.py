"""The report page: whole, self-contained, and safe whatever titles say."""

import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import Connection, Engine

from models.heard import ScoreRow
from models.steps import STEPS
from models.tables import Episode, Show, table
from podmill.report import page
from podmill.report.page import render_page
from podmill.report.summary import batch_report
from podmill.settings import Settings
from tests.batches import fill_batch, insert

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's interface
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def html(connection: Connection, tmp_path: Path) -> str:
    return render_page(batch_report(connection, "b1"), Settings(home=tmp_path), made_at=NOON)


def test_all_four_plots_are_drawn(html: str) -> None:
    """Accuracy, loudness, time and cost are SVG that an XML parser accepts, each with a title and a description."""
    plots = [etree.fromstring(text) for text in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]
    titles = [plot.findtext("{http://www.w3.org/2000/svg}title") for plot in plots]
    assert titles == [
        "Word accuracy of each episode",
        "Integrated loudness of each episode",
        "Working time by step",
        "Cost by provider",
    ]
    assert all(plot.findtext("{http://www.w3.org/2000/svg}desc") for plot in plots)


def test_what_steps_take_is_told(html: str) -> None:
    """Working time, processor time and memory, where they were measured."""
    assert "24.0 s, 12.0 s of a processor, process up to 106 MB</span>" in html
    assert html.count(" s of a processor") == len(STEPS) - 1


def test_what_misses_the_target_is_marked(html: str) -> None:
    """Two episodes under 94 % are drawn as such, by shape and not by colour alone."""
    assert html.count('class="dot bad"') == 2
    assert html.count('class="dot"') == 2 + 2


def test_a_show_is_judged_by_what_it_asks_for(connection: Connection, tmp_path: Path) -> None:
    """Not by the settings: its loudness, and the limits that its episodes were held against."""
    connection.execute(table(Show).update().values(sound={"loudness_lufs": -19.0}))
    connection.execute(
        table(Episode).update().values(loudness_lufs=-19.3).where(table(Episode).c.loudness_lufs.is_not(None))
    )
    measured = [("b1-0", "loudness", 0.3, 0.5), ("b1-1", "word_accuracy", 0.9, 0.85)]
    insert(
        connection,
        ScoreRow,
        [
            {"episode_id": episode, "name": name, "value": value, "limit": limit, "passed": True, "at": 1.0}
            for episode, name, value, limit in measured
        ],
    )
    html = render_page(batch_report(connection, "b1"), Settings(home=tmp_path), made_at=NOON)
    assert 'class="dot bad"' not in html
    assert "Dashed: at least 85 %" in html
    assert "Dashed: -19 LUFS ± 0.5." in html


def test_titles_are_text(html: str) -> None:
    """Markup in a title is shown, not obeyed, in the table and in the plots."""
    reader = Reader()
    reader.feed(html)
    assert "b" not in reader.tags
    assert "script" not in reader.tags
    assert "Episode 0 <b>&" in reader.text


def test_nothing_is_loaded(html: str) -> None:
    """The page names no other resource."""
    assert not re.search(r"(src|href)=|url\(|@import", html)


def test_a_large_batch_is_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of more episodes than can be drawn, the worst are, and the page says so."""
    for name in ("POINTS_MAX", "BARS_MAX", "ROWS_MAX"):
        monkeypatch.setattr(page, name, 10)
    with engine.begin() as connection:
        fill_batch(connection, count=50, batch="b2")
        html = render_page(batch_report(connection, "b2"), Settings(home=tmp_path), made_at=NOON)
    assert html.count('class="dot bad"') == 2
    assert html.count('class="dot"') == 8 + 10
    assert html.count('<td class="title">') == 10
    assert "10 of 50 episodes are listed" in html
    assert "The 10 slowest of 50" in html


def test_nothing_yet(engine: Engine, tmp_path: Path) -> None:
    """A batch without an episode still has a page."""
    with engine.begin() as connection:
        fill_batch(connection, count=0, batch="b3")
        html = render_page(batch_report(connection, "b3"), Settings(home=tmp_path), made_at=NOON)
    assert "No step has finished yet." in html
