"""The database: SQLite in WAL mode on one machine, PostgreSQL for many."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

import models
from podmill.errors import ConfigurationError, MissingExtraError
from podmill.settings import Settings

BUSY_TIMEOUT_S = 30
MIGRATIONS = Path(models.__file__).parent / "migrations"


def open_engine(settings: Settings) -> Engine:
    """The engine of this process, with the tables at the newest revision.

    Raises:
        ConfigurationError: the URL is wrong or the database cannot be reached.
    """
    engine = _engine(settings.database, settings.home)
    migrate(engine, settings)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction. On SQLite it takes the write lock at once, so that it can never fail half-way for it."""
    with engine.begin() as connection:
        yield connection


@lru_cache(maxsize=4)
def _engine(url: str, home: Path) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise ConfigurationError(
            "PODMILL_DATABASE_URL is not a database URL.",
            action="Use sqlite:///FILE or postgresql+psycopg://USER@HOST/DB.",
        ) from exc
    if parsed.get_backend_name() == "sqlite":
        _make_home(home)
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=20, max_overflow=20)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    try:
        return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=15)
    except ModuleNotFoundError as exc:
        raise MissingExtraError("The PostgreSQL driver", extra="postgres") from exc


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigurationError(
            f"The home folder {home} cannot be made: {exc.strerror}.", action="Set PODMILL_HOME to a folder of yours."
        ) from exc


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # transactions are begun by _begin_immediate
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_S * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails with SQLITE_BUSY, whatever the timeout.
    connection.exec_driver_sql(
        "BEGIN IMMEDIATE" if not connection.get_execution_options().get("read_only") else "BEGIN"
    )


def insert_into(connection: Connection, into: Table) -> Any:
    """An INSERT that takes ``on_conflict_do_nothing`` and ``on_conflict_do_update``, in the dialect of its database."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(into)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only transaction: one consistent view, and no lock that a writer would wait for."""
    with engine.connect().execution_options(read_only=True) as connection, connection.begin():
        yield connection


def migrate(engine: Engine, settings: Settings) -> None:
    """Bring the tables to the newest revision; one process at a time, and nothing at all when they are.

    Raises:
        ConfigurationError: the database cannot be reached.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    try:
        if _revision(engine) == head:
            return
        with _one_at_a_time(engine, settings.home) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as exc:
        where = engine.url.render_as_string(hide_password=True)
        raise ConfigurationError(
            f"The database {where} cannot be used: {exc.orig}.", action="Check PODMILL_DATABASE_URL and the server."
        ) from exc


def _revision(engine: Engine) -> str | None:
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _one_at_a_time(engine: Engine, home: Path) -> Iterator[Connection]:
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7306613)")
            yield connection
        return
    with (home / ".migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with engine.begin() as connection:
            yield connection
