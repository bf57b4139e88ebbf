"""Following a batch ends when only paused episodes are left; what is paused, and why, is said everywhere."""

import datetime as dt
import json
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console
from sqlalchemy import Engine, update

from models.steps import EpisodeState, StepState
from models.tables import Episode, Event, StepRun, table
from podmill.cli import main
from podmill.cli.progress import follow
from podmill.money import purses
from podmill.report.page import render_page
from podmill.report.status import batch_status
from podmill.report.summary import batch_report
from podmill.report.terminal import status_table
from podmill.settings import current
from podmill.store.database import open_engine, reading, transaction
from tests.batches import fill_batch

EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)
WHY = "The account 'default' has 0.50 USD left for 2026-11; 1.00 USD are needed."


@pytest.fixture
def engine() -> Engine:
    """A batch of four: three are done with, one is paused; its account has used 96 % of the month."""
    opened = open_engine(current())
    with transaction(opened) as connection:
        fill_batch(connection, count=4)
        values = {"state": EpisodeState.PARKED, "error_code": "budget_exceeded", "error": None, "activity": WHY}
        connection.execute(update(EPISODE).where(EPISODE.c.id == "b1-3").values(**values))
        connection.execute(update(STEP_RUN).where(STEP_RUN.c.episode_id == "b1-3").values(state=StepState.PARKED))
        parked = {"episode_id": "b1-3", "kind": "parked", "data": {"needed_microusd": 1_000_000}}
        connection.execute(EVENT.insert().values(at=0.0, **parked))
        used = {"owner": "account:default", "period": purses.today(connection)[:7], "used_microusd": 9_600_000}
        connection.execute(purses.PURSE.insert().values(warned=95, **used))
        purses.set_budget(connection, "account:default", "month", 10_000_000)
    return opened


def test_watching_ends_when_only_paused_episodes_are_left(engine: Engine, capsys: pytest.CaptureFixture[str]):
    """Exit code 3; who is short of how much is told while it waits, and in the answer."""
    code = main(["watch", "b1", "--json"])

    told = capsys.readouterr()
    assert code == 3
    assert f"b1-3 Episode 3 <b>&: paused, publishing: {WHY}" in told.err
    status = json.loads(told.out)
    assert [(each["state"], each["paused"]) for each in status["episodes"]][-1] == ("parked", True)
    assert status["budget_warnings"][0].startswith("account:default has used 96 % of 10.00 USD for ")


def test_what_fits_by_now_is_waited_for(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    """Somebody raised the budget: it is woken, and followed on to its end."""
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "month", 11_000_000)

    def publish(_seconds: float) -> None:
        with transaction(engine) as connection:
            woken = update(EPISODE).where(EPISODE.c.id == "b1-3", EPISODE.c.state == EpisodeState.QUEUED)
            assert connection.execute(woken.values(state=EpisodeState.PUBLISHED)).rowcount == 1

    # Not the module's own sleep: threads that other tests have left sleep too.
    monkeypatch.setattr("podmill.cli.progress.time", SimpleNamespace(sleep=publish))
    follow(engine, "b1")

    with reading(engine) as connection:
        assert not batch_status(connection, "b1").episodes[3].paused


def test_status_and_page_say_paused(engine: Engine):
    """With the reason, and with the budgets that are nearly used up."""
    console = Console(width=200, record=True, file=StringIO())
    with reading(engine) as connection:
        console.print(status_table(batch_status(connection, "b1")))
        page = render_page(batch_report(connection, "b1"), current(), made_at=dt.datetime.now(dt.UTC))

    shown = console.export_text()
    assert "paused (publishing)" in shown
    assert f"b1-3: {WHY}\n  - Raise the budget" in shown
    assert "Budget: account:default has used 96 % of 10.00 USD for " in shown
    assert "The account &#39;default&#39; has 0.50 USD left" in page
    assert ">paused " in page
    assert "account:default has used 96 % of 10.00 USD for " in page
