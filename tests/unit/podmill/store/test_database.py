"""The database opens at its newest revision, and matches the models."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, func, inspect, select, text
from sqlmodel import SQLModel

from models.tables import Show, table
from podmill.errors import ConfigurationError
from podmill.money.ledger import Ledger
from podmill.review import queue
from podmill.settings import load
from podmill.store import database
from podmill.store.clock import now
from podmill.store.database import CONNECTIONS_MAX, open_engine, reading, snapshot, transaction
from tests import reviews


def test_the_migrations_make_what_the_models_say(engine):
    """Nothing is left to migrate after the newest revision."""
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_newest_revision_is_known_without_alembic():
    """What is written down for speed is what the migrations say."""
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    assert scripts.get_current_head() == database.NEWEST
    assert {script.revision for script in scripts.walk_revisions()} == database.known_revisions()


def test_what_waited_before_there_was_a_queue_is_in_it(engine, settings):
    """Back to the revision before the queue and here again, with an episode in review."""
    Ledger(engine).open_account("default", None)
    waiting = reviews.waiting(engine, settings, "tides")
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        assert "gates" not in {column["name"] for column in inspect(connection).get_columns("show")}
    database.migrate(engine, settings.home)

    (entry,) = queue.entries(engine)
    assert (entry.episode_id, entry.kind, entry.reason, entry.lines) == (waiting, "failed", "Not understood.", ())
    assert entry.created_at > 0
    with transaction(engine) as connection:
        queue.put(connection, waiting, "failed", "Once more.", (1,))
    assert [entry.lines for entry in queue.entries(engine)] == [(2,)]


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


def test_one_process_has_one_engine(settings, engine):
    """However many threads ask for it at once, before there is one."""
    database._migrated.cache_clear()
    with ThreadPoolExecutor(16) as threads:
        engines = set(threads.map(lambda _: open_engine(settings), range(64)))

    assert len(engines) == 1
    engines.pop().dispose()


def test_connections_of_a_process_are_bounded(engine):
    """64 threads take turns, and the database sees no more connections than may be."""
    if engine.dialect.name == "sqlite":
        pytest.skip("a file does not count who has it open")
    counted = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")

    def ask(_: int) -> int:
        with reading(engine) as connection:
            return int(connection.scalar(counted))

    with ThreadPoolExecutor(64) as threads:
        seen = list(threads.map(ask, range(200)))
    assert 1 <= max(seen) <= CONNECTIONS_MAX


def test_a_forked_child_has_connections_of_its_own(engine):
    """It asks the database, ends, and the parent's connection still answers."""
    with reading(engine) as connection:
        connection.execute(select(now()))
    child = os.fork()
    if child == 0:
        try:
            with reading(engine) as connection:
                connection.execute(select(now()))
        except BaseException:  # noqa: BLE001 - a child of pytest must not return into it
            os._exit(1)
        os._exit(0)

    assert os.waitpid(child, 0)[1] == 0
    with reading(engine) as connection:
        assert connection.scalar(select(now())) > 0


def test_a_snapshot_does_not_see_what_comes_later(engine, show):
    """All its statements are of one moment."""
    counted = select(func.count()).select_from(table(Show))
    with snapshot(engine) as connection:
        assert connection.scalar(counted) == 1
        with transaction(engine) as other:
            other.execute(delete(table(Show)))
        assert connection.scalar(counted) == 1


def test_a_database_that_is_damaged_is_explained(tmp_path):
    """No traceback: what SQLite says of it."""
    (tmp_path / "podmill.db").write_bytes(b"this is no database" * 100)
    settings, _ = load({"PODMILL_HOME": str(tmp_path)})

    with pytest.raises(ConfigurationError, match="not a database"):
        open_engine(settings)


def test_a_database_of_a_newer_version_is_explained(settings, engine):
    """Whoever goes back to an older version is told which tables it does not know."""
    with transaction(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigurationError, match=r"newer version of Podmill \(revision 9999\)"):
        database.migrate(engine, settings.home)


def test_the_url_s_own_options_win(postgres_url):
    """A person may set other time-outs."""
    settings, _ = load({"PODMILL_DATABASE_URL": f"{postgres_url}?application_name=mine&connect_timeout=3"})
    opened = open_engine(settings)
    with reading(opened) as connection:
        assert connection.scalar(text("SHOW application_name")) == "mine"
    opened.dispose()
