"""An episode that a budget does not cover waits, and goes on by itself; the worker and the reconciler are real."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from models.tables import Purse, table
from podcast_tasks.journal import EPISODE
from podmill.money import purses
from podmill.money.ledger import Ledger
from podmill.settings import load
from podmill.store.database import open_engine, reading, transaction
from tests.acceptance.tiny_node import TinyNode

pytestmark = pytest.mark.slow
PURSE = table(Purse)
DOLLAR = 1_000_000


@pytest.fixture
def node(podmill_home: Path, broker: str) -> Iterator[TinyNode]:
    open_engine(load({"PODMILL_HOME": str(podmill_home)})[0])
    with TinyNode(podmill_home, broker, PODMILL_RECONCILE_S="0.5") as made:
        yield made


def state(node: TinyNode, episode_id: str) -> tuple[str, str | None]:
    with reading(node.engine) as connection:
        row = connection.execute(select(EPISODE.c.state, EPISODE.c.error_code).where(EPISODE.c.id == episode_id)).one()
        return row.state, row.error_code


def test_it_pauses_and_goes_on(node: TinyNode) -> None:
    """Once because its budget is raised, once because the month turns: nobody has to resume it."""
    Ledger(node.engine).open_account("default")
    with transaction(node.engine) as connection:
        purses.set_budget(connection, "account:default", "month", DOLLAR)
    node.worker("solo")
    node.upkeep()
    (first,) = node.make("pay:2")
    node.wait(lambda: state(node, first) == ("parked", "budget_exceeded"))

    with transaction(node.engine) as connection:
        purses.set_budget(connection, "account:default", "month", 2 * DOLLAR)
    node.wait(lambda: state(node, first) == ("published", None))

    with transaction(node.engine) as connection:
        # As if somebody had spent all of this month, and then as if that had been the month before.
        this = (PURSE.c.owner == "account:default", PURSE.c.period == purses.today(connection)[:7])
        connection.execute(update(PURSE).where(*this).values(used_microusd=2 * DOLLAR))
    (second,) = node.make("pay:1")
    node.wait(lambda: state(node, second) == ("parked", "budget_exceeded"))
    with transaction(node.engine) as connection:
        connection.execute(update(PURSE).where(*this).values(period="2001-01"))
    node.wait(lambda: state(node, second) == ("published", None))
