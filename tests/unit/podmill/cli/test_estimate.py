"""``podmill estimate``: figures, what budgets carry, advice; and nothing is made."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from models.tables import Episode, Schedule, Show, table
from podmill import settings
from podmill.cli import main
from podmill.money import purses
from podmill.money.ledger import Ledger
from podmill.store.database import open_engine, reading, transaction
from tests.episodes_priced import document

Captured = pytest.CaptureFixture[str]
EPISODE, SCHEDULE, SHOW = table(Episode), table(Schedule), table(Show)
ROWS = """show: harbour
defaults:
  cast: [{name: Nora, voice: "minimax:English_expressive_narrator"}]
episodes:
"""


@pytest.fixture
def engine() -> Engine:
    opened = open_engine(settings.current())
    Ledger(opened).open_account("default", None)
    return opened


def batch(folder: Path, *minutes: int) -> Path:
    (folder / "harbours.txt").write_text(document(30, "en"))
    rows = "".join(
        f"  - {{id: e{n}, topic: Lighthouses, sources: [harbours.txt], minutes: {length}}}\n"
        for n, length in enumerate(minutes)
    )
    path = folder / "batch.yaml"
    path.write_text(ROWS + rows)
    return path


def test_a_batch_and_what_budgets_carry(engine: Engine, tmp_path: Path, capsys: Captured) -> None:
    """Two ten-minute episodes cost 0.55 each; 1.00 a day carries one a day, and never thirty minutes."""
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "day", 1_000_000)
    assert main(["estimate", str(batch(tmp_path, 10, 10, 30)), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["fits"] for each in found["episodes"]] == ["now", "later", "never"]
    assert found["days"] == 2
    likely = [each["likely_usd"] for each in found["episodes"]]
    assert likely[0] == likely[1] == pytest.approx(0.55, abs=0.01)
    assert found["total"]["likely_usd"] == pytest.approx(sum(likely))
    assert found["episodes"][2]["budget"] == "account:default day"
    assert found["episodes"][0]["steps"]["synthesis"] == likely[0]
    assert [each["repair_usd"] / each["high_usd"] for each in found["episodes"]] == pytest.approx([0.25] * 3, abs=0.01)
    assert found["total"]["repair_usd"] == pytest.approx(sum(each["repair_usd"] for each in found["episodes"]))
    savings = [each["saving_usd"] for each in found["advice"]]
    assert savings == sorted(savings, reverse=True)
    assert any("local" in each["what"] or "piper" in each["what"] for each in found["advice"])
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(EPISODE)) == 0
        assert connection.scalar(select(func.count()).select_from(SHOW)) == 0


def test_what_is_held_for_repairs_is_told(engine: Engine, tmp_path: Path, capsys: Captured) -> None:
    """In one line, for all of them; not where nothing is paid for speech."""
    assert main(["estimate", str(batch(tmp_path, 10))]) == 0
    assert "Plus at most $0.1518 held for repairs: what is not used goes back." in capsys.readouterr().out
    assert main(["estimate", "--topic", "Tides", "--engine", "piper", "--writer", "offline"]) == 0
    assert "repairs" not in capsys.readouterr().out


def test_a_schedule_s_next_month(engine: Engine, capsys: Captured) -> None:
    """As many episodes as it has slots in it."""
    brief = {"show": "tides", "topic": "Tides", "minutes": 10, "cast": []}
    with transaction(engine) as connection:
        connection.execute(SHOW.insert().values(Show(slug="tides", title="T", guid="g", created_at=0).model_dump()))
        weekly = Schedule(show="tides", name="daily", cron="0 6 * * *", brief=brief, since=0)
        connection.execute(SCHEDULE.insert().values(weekly.model_dump(exclude={"id"})))
    assert main(["estimate", "--schedule", "daily", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["episodes"]) in (28, 29, 30, 31)


def test_what_cannot_be_told_is_said(capsys: Captured) -> None:
    """Without files, topic or schedule there is nothing to estimate; and who pays must be there."""
    assert main(["estimate"]) == 2
    assert "Name files" in capsys.readouterr().err
    assert main(["estimate", "--schedule", "nightly"]) == 2
    assert "There is no schedule 'nightly'" in capsys.readouterr().err
    assert main(["estimate", "--topic", "Tides", "--account", "nobody"]) == 2
    assert "podmill account add nobody" in capsys.readouterr().err
