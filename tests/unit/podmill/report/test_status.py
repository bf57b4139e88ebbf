"""The status of a batch, read from a database."""

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Connection, Engine, event, select, update

from models.steps import EpisodeState
from podmill.errors import InputError
from podmill.report.page import render_page
from podmill.report.status import (
    EPISODE,
    PART,
    TAKE,
    batch_progress,
    batch_state,
    batch_status,
    find_batch,
    recent_batches,
)
from podmill.report.summary import batch_report
from podmill.report.terminal import report_table, status_table
from podmill.settings import Settings
from tests.batches import fill_batch

CONTRACT = {"batch", "state", "feed_path", "episodes"}
EPISODE_CONTRACT = {
    "id",
    "title",
    "state",
    "step",
    "error",
    "audio_path",
    "transcript_path",
    "duration_s",
    "word_accuracy",
    "loudness_lufs",
    "true_peak_dbtp",
    "cost_usd",
    "requests",
    "publications",
}


def test_contract(connection: Connection) -> None:
    """Every field that scripts rely on is there, with the values of the database."""
    status = batch_status(connection, "b1").model_dump(mode="json")
    assert set(status) >= CONTRACT
    assert status["feed_path"] == "/p/feed.xml"
    first, second, *_ = status["episodes"]
    assert set(first) >= EPISODE_CONTRACT
    assert first["audio_path"] == "/p/b1-0.mp3"
    assert first["transcript_path"] == "/p/b1-0.vtt"
    assert first["publications"] == [{"target": "folder", "url": "http://127.0.0.1/s/b1-0"}]
    assert (second["state"], second["step"], second["audio_path"]) == ("failed", "verification", None)
    assert status["refused"][0]["field"] == "minutes"


def test_cost_is_exact(connection: Connection) -> None:
    """Settled and in doubt count, an intent does not, and no micro-dollar is lost."""
    assert batch_status(connection, "b1").episodes[0].cost_usd == 0.10001


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({EpisodeState.PUBLISHED: 2}, "published"),
        ({EpisodeState.PUBLISHED: 2, EpisodeState.QUEUED: 1}, "running"),
        ({EpisodeState.FAILED: 1, EpisodeState.PARKED: 1}, "running"),
        ({EpisodeState.PUBLISHED: 2, EpisodeState.REVIEW: 1}, "partial"),
        ({EpisodeState.CANCELLED: 1}, "partial"),
        ({}, "partial"),
    ],
)
def test_batch_state(states: dict[str, int], expected: str) -> None:
    """Running while anything is open, published when all is, else partial."""
    assert batch_state(states) == expected


def test_ways_on(engine: Engine) -> None:
    """What stopped or waits says why, by its code, and what can be done; what goes on says nothing of it."""
    stands = {"b1-1": ("failed", "quota"), "b1-2": ("parked", "provider_down"), "b1-3": ("running", "provider_down")}
    with engine.begin() as connection:
        for name, (state, code) in stands.items():
            values = {"state": state, "error_code": code, "error": None if state == "parked" else "No credit."}
            values["activity"] = "It answers nothing."
            connection.execute(update(EPISODE).where(EPISODE.c.id == name).values(**values))
    with engine.connect() as connection:
        status = batch_status(connection, "b1")

    assert [(e.error_code, bool(e.options)) for e in status.episodes] == [
        (None, False),
        ("quota", True),
        ("provider_down", True),
        (None, False),
    ]
    assert any("podmill retry b1-1" in way for way in status.episodes[1].options)
    console = Console(width=200, record=True, file=StringIO())
    console.print(status_table(status))
    shown = console.export_text()
    assert "b1-1: No credit.\n  - Buy credit or raise the plan, then run: podmill retry b1-1\n" in shown
    assert "b1-2: It answers nothing.\n  - Nothing: it goes on" in shown


def test_ways_on_are_told_once(engine: Engine) -> None:
    """Episodes that stopped in the same way share the list."""
    with engine.begin() as connection:
        stopped = {"state": "failed", "error_code": "quota", "error": "No credit."}
        connection.execute(update(EPISODE).values(**stopped))
    with engine.connect() as connection:
        status = batch_status(connection, "b1")
    console = Console(width=200, record=True, file=StringIO())
    console.print(status_table(status))
    shown = console.export_text()

    assert shown.count("No credit.") == 4
    assert shown.count("podmill retry EPISODE") == 2


def test_queries_do_not_grow_with_episodes(engine: Engine) -> None:
    """A batch of 400 episodes takes as many queries as one of 4."""
    with engine.begin() as connection:
        fill_batch(connection, count=400, batch="b2")
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with engine.connect() as connection:
        assert len(batch_status(connection, "b2").episodes) == 400
        few = len(statements)
        batch_status(connection, "b1")
    assert few == len(statements) - few


def test_whose_voices_speak(engine: Engine) -> None:
    """The engine that spoke last is told; of an episode that is not spoken yet there is none."""
    about = {"voice": "v", "sha256": "0" * 64, "suffix": ".flac", "size_bytes": 1, "media_type": "audio/flac"}
    times = {"duration_s": 1.0, "body": "{}", "created_at": 0.0, "used_at": 0.0}
    with engine.begin() as connection:
        first, second, *_ = connection.scalars(select(EPISODE.c.id).order_by(EPISODE.c.position)).all()
        for number, (episode_id, name) in enumerate(
            [(first, "elevenlabs"), (second, "elevenlabs"), (second, "minimax")]
        ):
            connection.execute(TAKE.insert().values(key=f"t{number}", engine=name, **about, **times))
            part = {"take_key": f"t{number}", "characters": 1, "requested": True, "state": "done"}
            connection.execute(PART.insert().values(episode_id=episode_id, round=number, index=0, **part))
        told = batch_status(connection, "b1").episodes
    assert [episode.engine for episode in told] == ["elevenlabs", "minimax", None, None]


def test_overview_and_short_ids(connection: Connection) -> None:
    """The newest batches with their counts; a batch is found by the beginning of its id, and only if it is one."""
    (overview,) = recent_batches(connection)
    assert overview.episodes == {"published": 2, "failed": 1, "review": 1}
    assert (overview.state, overview.refused) == ("partial", 1)
    assert find_batch(connection, "b") == "b1"
    assert [row.state for row in batch_progress(connection, "b1")][:2] == ["published", "failed"]
    with pytest.raises(InputError, match="no batch"):
        find_batch(connection, "%")
    with pytest.raises(InputError, match="no batch"):
        batch_status(connection, "none")


def test_who_spoke_instead(engine: Engine, tmp_path: Path) -> None:
    """Status, report and page say who is heard or that nobody is, and why; a batch counts what is text only."""
    with engine.begin() as connection:
        said = {"spoken_by": "text", "spoken_why": "alpha: No credit <left>."}
        connection.execute(update(EPISODE).where(EPISODE.c.id == "b1-0").values(said))
        other = {"spoken_by": "beta", "spoken_why": "alpha: It is down."}
        connection.execute(update(EPISODE).where(EPISODE.c.id == "b1-3").values(other))
        report = batch_report(connection, "b1")
    first, last = report.episodes[0], report.episodes[3]
    assert (first.text_only, first.engine, last.text_only, last.spoken_by) == (True, None, False, "beta")
    assert report.summary.text_only == 1
    shown = Console(file=StringIO(), width=200)
    shown.print(report_table(report))
    terminal = shown.file.getvalue()
    assert "published, text only" in terminal
    assert "b1-0: Text only. alpha: No credit <left>. To have it spoken, run: podmill retry b1-0" in terminal
    assert "b1-3: Spoken by beta. alpha: It is down." in terminal
    page = render_page(report, Settings(home=tmp_path), made_at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    assert "Text only. alpha: No credit &lt;left&gt;." in page
    assert "Spoken by beta. alpha: It is down." in page
    assert ", 1 as text only" in page
