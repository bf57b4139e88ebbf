"""Scores over a batch and its show, from the rows to the page and the terminal."""

import base64
import datetime as dt
from pathlib import Path
from random import Random

import numpy as np
import pytest
from rich.console import Console
from sqlalchemy import Connection

from models.heard import ScoreRow, VoicePrint
from podmill.report.page import render_page
from podmill.report.scores import batch_scores, batch_voices, show_scores
from podmill.report.status import batch_status
from podmill.report.summary import batch_report
from podmill.report.terminal import report_table
from podmill.report.trends import shown
from podmill.settings import Settings
from tests.batches import fill_batch, insert

DRIFTED = 40


def _embedding(direction: list[float]) -> str:
    return base64.b64encode(np.asarray(direction, "<f2").tobytes()).decode()


@pytest.fixture
def scored(connection: Connection) -> Connection:
    """Sixty more episodes; clarity of the last twenty is lower, and nobody could measure that of the first."""
    fill_batch(connection, count=60, batch="b2")
    random = Random(1)
    rows = []
    for at in range(60):
        clarity = None if at == 0 else random.gauss(0.86 if at < DRIFTED else 0.80, 0.01)
        for name, value, limit in (("clarity", clarity, 0.8), ("duration", 0.02 + at / 10_000, 0.05)):
            passed = None if value is None else value >= limit if name == "clarity" else value <= limit
            row = {"name": name, "value": value, "limit": limit, "passed": passed, "at": float(at)}
            rows.append({"episode_id": f"b2-{at}", **row})
    insert(connection, ScoreRow, rows)
    return connection


def test_figures_of_a_batch(scored: Connection) -> None:
    """How a score lies, how many missed it, and for how many it is not known."""
    figures, values = batch_scores(scored, "b2")
    clarity = figures["clarity"]

    assert list(figures) == ["clarity", "duration"]
    assert (clarity.measured, clarity.unmeasured, clarity.limit, clarity.at_most) == (59, 1, 0.8, False)
    assert clarity.failed == sum(value["clarity"] < 0.8 for value in values.values() if "clarity" in value) > 0
    assert clarity.lowest is not None
    assert clarity.lowest < clarity.lower_quartile < clarity.median < clarity.upper_quartile < clarity.highest  # type: ignore[operator]
    assert figures["duration"].at_most
    assert values["b2-7"]["duration"] == pytest.approx(0.0207)


def test_what_has_no_limit_or_no_figure(scored: Connection) -> None:
    """An episode of few lines leaves the limit as it was; one that failed by its lines alone was measured."""
    rows = [
        {
            "episode_id": f"b2-{at}",
            "name": "voice_lines",
            "at": float(at),
            "value": value,
            "limit": limit,
            "passed": passed,
        }
        for at, (value, limit, passed) in enumerate(((0.9, 0.85, True), (None, 0.85, False), (None, None, None)))
    ]
    insert(scored, ScoreRow, rows)
    found = batch_scores(scored, "b2")[0]["voice_lines"]

    assert (found.measured, found.unmeasured, found.failed, found.limit) == (1, 0, 1, 0.85)


def test_a_drift_of_the_show_is_told(scored: Connection) -> None:
    """Which score, since which episode, and that it is for the worse."""
    found, history = show_scores(scored, "s")
    [clarity] = [drift for drift in found.drifts if drift.score == "clarity"]

    assert (clarity.direction, clarity.worse) == ("down", True)
    assert abs(int(clarity.since.partition("-")[2]) - DRIFTED) <= 4
    assert [point.episode for point in history["clarity"]][:2] == ["b2-1", "b2-2"]


def test_scores_are_in_what_scripts_read(scored: Connection) -> None:
    """``status --json``: by episode, and over the batch."""
    status = batch_status(scored, "b2")

    assert status.episodes[7].scores.keys() == {"clarity", "duration"}
    assert status.episodes[0].scores.keys() == {"duration"}
    assert status.scores["clarity"].measured == 59
    assert "history" not in batch_report(scored, "b2").model_dump()


def test_the_page_and_the_terminal_tell_them(scored: Connection, tmp_path: Path) -> None:
    """A table, a plot with a line for each score that varies, and the drift in words."""
    report = batch_report(scored, "b2")
    html = render_page(report, Settings(home=tmp_path), made_at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    console = Console(width=160, record=True, file=(tmp_path / "out").open("w"))
    console.print(report_table(report))
    console.file.close()
    text = console.export_text()
    lines = [line.strip() for line in text.splitlines()]

    assert html.count('<polyline class="trend"') == 2
    assert "Clarity moves down, for the worse, since" in html
    assert "at least 80.0 %" in html
    assert "Clarity moves down, for the worse, since" in text
    [clarity] = [figures for name, figures in report.scores.items() if name == "clarity"]
    at = next(place for place, line in enumerate(lines) if line.startswith("Clarity  "))
    told, of_show = lines[at : at + 2]
    assert all(shown("clarity", value) in told for value in (clarity.lower_quartile, clarity.upper_quartile))
    assert "show, 59" in of_show
    assert html.count('<rect class="box"') == 4
    assert html.count(f'<td class="number">{shown("clarity", clarity.upper_quartile)}</td>') == 2


def test_the_limit_is_the_last_there_was(scored: Connection) -> None:
    """An episode that only keeps a score, as of a voice that is heard for the first time, takes no limit away."""
    insert(
        scored,
        ScoreRow,
        [{"episode_id": "b1-0", "name": "clarity", "value": 0.9, "limit": None, "passed": None, "at": 99.0}],
    )
    found, _ = show_scores(scored, "s")

    assert found.figures["clarity"].limit == 0.8
    assert found.figures["clarity"].measured == 60


def test_a_batch_without_scores(connection: Connection, tmp_path: Path) -> None:
    """Episodes of older versions: nothing is told of them."""
    report = batch_report(connection, "b1")

    assert report.scores == {}
    assert "Quality" not in render_page(report, Settings(home=tmp_path), made_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


def test_voices_over_a_batch(connection: Connection) -> None:
    """The mean cosine of every pair of episodes, and which strays from the others; heard once, a voice says nothing."""

    def row(episode: str, voice: str, direction: list[float]) -> dict[str, object]:
        return {"episode_id": episode, "voice": voice, "model": "m", "embedding": _embedding(direction), "at": 1.0}

    insert(
        connection,
        VoicePrint,
        [
            row("b1-0", "piper:joe", [1.0, 0.0]),
            row("b1-1", "piper:joe", [0.0, 1.0]),
            row("b1-3", "piper:joe", [1.0, 0.0]),
            row("b1-3", "piper:amy", [1.0, 0.0]),
        ],
    )
    [(voice, joe)] = batch_voices(connection, "b1", 0.85).items()

    assert voice == "piper:joe"
    assert (joe.episodes, joe.likeness) == (3, pytest.approx(1 / 3))
    assert (joe.least, joe.least_title) == (pytest.approx(0.0), "Episode 1 <b>&")
    assert (joe.limit, joe.passed) == (0.85, False)
    assert batch_voices(connection, "b1", None)["piper:joe"].passed is None


def test_a_voice_that_strays_is_named(scored: Connection, tmp_path: Path) -> None:
    """It is held against the gate that measures the same; who misses it is marked, on the page and the terminal."""
    gated = [{"name": "voice_reference", "value": 0.9, "limit": 0.85, "passed": True, "at": 1.0}]
    insert(scored, ScoreRow, [{"episode_id": "b2-3", **row} for row in gated])
    prints = [("piper:joe", at, [1.0, 2.0 * (at == 4)]) for at in range(6)]
    prints += [("piper:amy", at, [1.0, 0.01 * at]) for at in range(6)]
    rows = [
        {"episode_id": f"b2-{at}", "voice": voice, "model": "m", "embedding": _embedding(direction), "at": 1.0}
        for voice, at, direction in prints
    ]
    insert(scored, VoicePrint, rows)
    report = batch_report(scored, "b2")
    html = render_page(report, Settings(home=tmp_path), made_at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    console = Console(width=160, record=True, file=(tmp_path / "out").open("w"))
    console.print(report_table(report))
    console.file.close()

    assert (report.voices["piper:amy"].passed, report.voices["piper:joe"].passed) == (True, False)
    assert html.count('<p class="note bad">piper:joe is like itself by') == 1
    assert '<p class="note">piper:amy is like itself by' in html
    assert "least in 'Episode 4 <b>&', by 0.447, less than the 0.85 asked for." in console.export_text()
