"""A score that moves for the worse is told once, as it is found."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from rich.console import Console
from sqlalchemy import Engine, create_engine, select
from sqlmodel import SQLModel

from models.heard import ScoreRow
from models.tables import Event, table
from podcast_tasks import drifting
from podmill.report import scores
from podmill.report.status import batch_status
from podmill.report.terminal import status_table
from tests.batches import fill_batch, insert

EVENT = table(Event)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    SQLModel.metadata.create_all(engine)
    with engine.begin() as connection:
        fill_batch(connection, count=1)
        fill_batch(connection, count=200, batch="b2")
    yield engine
    engine.dispose()


def measure(engine: Engine, numbers: range, clarity: float, *, since_s: float = 0.0) -> None:
    """Clarity of some episodes, around a value; the duration gets better and better."""
    random, began_at = Random(numbers.start), time.time() - since_s - 300
    rows = [
        {"episode_id": f"b2-{at}", "name": name, "value": value, "limit": limit, "passed": True, "at": began_at + at}
        for at in numbers
        for name, value, limit in (
            ("clarity", random.gauss(clarity, 0.01), 0.8),
            ("duration", 0.05 - at / 5000, 0.05),
        )
    ]
    with engine.begin() as connection:
        insert(connection, ScoreRow, rows)


def told(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [data["since"] for data in connection.scalars(select(EVENT.c.data).order_by(EVENT.c.id))]


def test_a_drift_is_told_once(
    engine: Engine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the log, as an event and in the status of the batch: once, also when older episodes leave the chart; the next
    one is told again, and what moves for the better is not."""
    measure(engine, range(40), 0.90)
    drifting.tell(engine)
    assert told(engine) == []
    measure(engine, range(40, 70), 0.87)
    with caplog.at_level(logging.WARNING):
        drifting.tell(engine)
        drifting.tell(engine)
    [since] = told(engine)
    assert abs(int(since.removeprefix("b2-")) - 40) <= 4
    [message] = caplog.messages
    assert message.startswith("show s: Clarity moves down, for the worse, since 'Episode ")
    for kept in range(68, 50, -2):
        monkeypatch.setattr(scores, "HISTORY_MAX", kept)
        drifting.tell(engine)
    assert len(told(engine)) == 1
    monkeypatch.undo()
    measure(engine, range(70, 100), 0.84)
    drifting.tell(engine)
    assert len(told(engine)) == 2


def test_status_tells_it(engine: Engine, tmp_path: Path) -> None:
    """That of the batch whose episode gave the alarm, for scripts and for people; not that of another batch."""
    measure(engine, range(40), 0.90)
    measure(engine, range(40, 70), 0.87)
    drifting.tell(engine)
    with engine.connect() as connection:
        status, other = batch_status(connection, "b2"), batch_status(connection, "b1")
    assert [(drift.score, drift.direction, drift.worse) for drift in status.drifts] == [("clarity", "down", True)]
    assert other.drifts == []
    console = Console(width=160, record=True, file=(tmp_path / "out").open("w"))
    console.print(status_table(status))
    console.file.close()
    assert "Drift: Clarity moves down, for the worse, since" in console.export_text()


def test_a_show_that_rests_is_not_looked_at(engine: Engine) -> None:
    """Nothing new was measured of it, so nothing new can be told."""
    measure(engine, range(40), 0.90, since_s=drifting.FRESH_S)
    measure(engine, range(40, 70), 0.87, since_s=drifting.FRESH_S)
    drifting.tell(engine)
    assert told(engine) == []
