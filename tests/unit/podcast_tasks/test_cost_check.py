"""The cost check: all that is in the way at once, and who speaks where the first has no credit for it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from models.tables import Episode, Reservation, table
from podmill.errors import PodmillError
from podmill.money import purses
from podmill.preflight import Credits, promised
from podmill.settings import Settings, current, load
from podmill.speech.engine import ENGINES
from podmill.store.database import reading, transaction
from tests.humming import PRICES, Lent

EPISODE, RESERVATION = table(Episode), table(Reservation)


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def told(engine) -> tuple[str, str | None, str | None]:
    with reading(engine) as connection:
        row = connection.execute(select(EPISODE.c.state, EPISODE.c.error_code, EPISODE.c.error)).one()
        return row.state, row.error_code, row.error


def lend(monkeypatch: pytest.MonkeyPatch, left: float) -> None:
    """Alpha has so much credit."""
    monkeypatch.setitem(ENGINES, "alpha", f"{Lent.__module__}:{Lent.__name__}")
    monkeypatch.setattr(Lent, "left", left)


def test_the_next_speaks_where_credit_is_short(engine, hums, made, monkeypatch):
    """As when it is used up, but before any of it is spent."""
    lend(monkeypatch, 10)
    made()
    with reading(engine) as connection:
        assert promised(connection, "alpha") == 0
        assert promised(connection, "beta") > 10


@pytest.mark.parametrize(
    ("prices", "code", "also"),
    [
        (PRICES.replace('usd = "0"', 'usd = "0.01"'), "quota", "The account 'default' has 0.01 USD left"),
        (PRICES.replace('"alpha"', '"nobody"'), "price_unknown", "alpha has 10 credits left"),
    ],
)
def test_everything_at_once(engine, hums, made, monkeypatch, tmp_path: Path, prices: str, code: str, also: str):
    """Prices, credit and budgets; nothing is held, and what no wait helps against decides."""
    paid = tmp_path / "paid.toml"
    paid.write_text(prices)
    monkeypatch.setenv("PODMILL_PRICES_FILE", str(paid))
    lend(monkeypatch, 10)
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "day", 10_000)

    with pytest.raises(PodmillError):
        made(policy="never")

    state, told_code, error = told(engine)
    assert (state, told_code) == ("failed", code)
    assert error
    assert "It is renewed on 2026-12-01." in error
    assert also in error
    with reading(engine) as connection:
        assert connection.execute(select(RESERVATION)).all() == []


def test_what_is_held_counts(engine, hums, made, monkeypatch):
    """Credit that quoted episodes will use is not there for others."""
    lend(monkeypatch, 1000)
    episode_id = made()
    with reading(engine) as connection:
        units = promised(connection, "alpha")
        assert units > 10
        assert promised(connection, "alpha", but=episode_id) == 0
    left = Credits(current(), engine)
    assert left.take("alpha", 1000 - units) is None
    short = left.take("alpha", 1)
    assert short
    assert "of which others need 1,000" in short.message
    assert Credits(current(), engine, but=episode_id).take("alpha", 1000) is None
    assert Credits(current(), engine).take("gamma", 10**9) is None
