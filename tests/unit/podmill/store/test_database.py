"""The database opens at its newest revision, and matches the models."""

import time

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select
from sqlmodel import SQLModel

from podmill.errors import ConfigurationError
from podmill.settings import load
from podmill.store.clock import now
from podmill.store.database import open_engine, reading


def test_the_migrations_make_what_the_models_say(engine):
    """Nothing is left to migrate after the newest revision."""
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_clock_is_seconds_since_1970(engine):
    """The database's own clock agrees with the host's, on one machine."""
    with reading(engine) as connection:
        assert abs(connection.scalar(select(now())) - time.time()) < 2


def test_sqlite_is_in_wal_mode(engine):
    """Readers do not wait for the writer."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no such mode")
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////nowhere/at/all/x.db"])
def test_a_database_that_cannot_be_used_is_explained(tmp_path, url):
    """The message names the setting."""
    settings, _ = load({"PODMILL_HOME": str(tmp_path), "PODMILL_DATABASE_URL": url})

    with pytest.raises(ConfigurationError, match="PODMILL_DATABASE_URL"):
        open_engine(settings)
