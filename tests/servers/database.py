"""A database with every table, on SQLite and on PostgreSQL, and the settings that lead to it."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Final, cast

import pytest
from sqlalchemy import Engine, QueuePool, event

from models.tables import Show, table
from podmill.money.ledger import Ledger
from podmill.settings import Settings, load
from podmill.store.clock import now
from podmill.store.database import open_engine, transaction

PATIENCE_S: Final = 5.0


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, podmill_home: Path) -> Settings:
    """Settings of this test: once with SQLite in its own home folder, once with a PostgreSQL database for itself."""
    env = {"PODMILL_HOME": str(podmill_home)}
    if request.param == "postgresql":
        env["PODMILL_DATABASE_URL"] = request.getfixturevalue("postgres_tables_url")
    return load(env)[0]


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The migrated database of those settings, with the account ``default``."""
    opened = open_engine(settings)
    if opened.dialect.name == "sqlite":
        # Tests end processes, not the machine: nothing has to be on the disk.
        event.listen(opened, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous=OFF"))
        opened.dispose()
    Ledger(opened).open_account("default", None)
    yield opened
    # A thread that renews leases may have a connection just now; it is given back to the pool that it came from.
    pool = cast(QueuePool, opened.pool)
    opened.dispose()
    give_up_at = monotonic() + PATIENCE_S
    while pool.checkedout() and monotonic() < give_up_at:
        sleep(0.01)
    pool.dispose()


@pytest.fixture
def show(engine: Engine) -> str:
    """Slug of a show that is in the database."""
    values = Show(slug="tides", title="Tides", guid="9b024349-ccf0-5f69-a609-6b82873eab3c", created_at=0).model_dump()
    with transaction(engine) as connection:
        connection.execute(table(Show).insert().values(values | {"created_at": now()}))
    return "tides"
