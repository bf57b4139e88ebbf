"""Outages of the database: what is one, and how long a worker goes on trying."""

import sqlite3
import threading
import time

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from podmill.errors import ConfigurationError
from podmill.settings import current
from podmill.store.outage import is_outage, through_outages

GONE = OperationalError("select 1", {}, psycopg.OperationalError("server closed the connection unexpectedly"))


def test_a_connection_that_is_refused_is_an_outage(tmp_path):
    """No server, or a folder that is not there."""
    for url in ("postgresql+psycopg://nobody@127.0.0.1:1/x", f"sqlite:///{tmp_path}/none/x.db"):
        engine = create_engine(url)
        with pytest.raises(DBAPIError) as caught, engine.connect():
            pass
        assert is_outage(caught.value)


def test_a_locked_database_is_an_outage(tmp_path):
    """SQLite says so when another process writes for longer than the time-out."""
    writer = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    engine = create_engine(f"sqlite:///{tmp_path}/x.db", connect_args={"timeout": 0})
    with pytest.raises(OperationalError) as caught, engine.begin() as connection:
        connection.execute(text("create table t (x)"))
    writer.close()
    engine.dispose()

    assert is_outage(caught.value)


def test_a_session_the_server_ends_is_an_outage(engine, settings):
    """As when it is restarted, or an administrator ends sessions."""
    if settings.database_url is None:
        pytest.skip("SQLite has no sessions")
    with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
        connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    assert is_outage(caught.value)


def test_a_mistake_is_no_outage(engine):
    """A table that is not there will not be there later."""
    with pytest.raises((OperationalError, ProgrammingError)) as caught, engine.connect() as connection:
        connection.execute(text("select * from nowhere"))

    assert not is_outage(caught.value)
    assert not is_outage(IntegrityError("insert", {}, sqlite3.IntegrityError("not unique")))
    assert not is_outage(ValueError("x"))


def test_an_engine_that_cannot_be_opened_is_an_outage():
    """It says what to do, and why it is so: the cause counts."""
    error = ConfigurationError("The database cannot be used.")
    error.__cause__ = GONE

    assert is_outage(error)
    assert not is_outage(ConfigurationError("PODMILL_DATABASE_URL is not a database URL."))


def test_going_on_until_it_is_back():
    """The result is that of the first time it works."""
    back = threading.Timer(0.4, lambda: None)
    back.start()
    tries = []

    @through_outages
    def ask(what: str) -> str:
        tries.append(what)
        if back.is_alive():
            raise GONE
        return what.upper()

    assert "X" == ask("x")
    assert len(tries) > 1


def test_patience_has_an_end(monkeypatch):
    """Then the error is the caller's."""
    monkeypatch.setenv("PODMILL_OUTAGE_PATIENCE_S", "0.2")
    current.cache_clear()

    @through_outages
    def ask() -> None:
        raise GONE

    began = time.monotonic()
    with pytest.raises(OperationalError):
        ask()
    assert time.monotonic() - began >= 0.2


def test_other_errors_are_not_repeated():
    """A bug shows at once."""
    tries = []

    @through_outages
    def ask() -> None:
        tries.append(1)
        raise IntegrityError("insert", {}, sqlite3.IntegrityError("not unique"))

    with pytest.raises(IntegrityError):
        ask()
    assert [1] == tries
