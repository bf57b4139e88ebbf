"""The database: SQLite in WAL mode on one machine, PostgreSQL for many."""

import fcntl
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Pool, Table, create_engine, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

import models
from podmill.errors import ConfigurationError, MissingExtraError
from podmill.settings import Settings

BUSY_TIMEOUT_S = 30
MIGRATIONS = Path(models.__file__).parent / "migrations"
NEWEST: Final = "0006"
"""Revision that the tables of this version are at."""
CONNECTIONS_MAX: Final = 12
"""Of one process, opened as they are needed and kept. A process of one step needs two, the other for its lease; no
transaction lasts longer than its statements, so more threads than this take turns."""
POSTGRESQL: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "podmill",
}
"""A server that vanished is noticed within a minute; libpq's own defaults wait for hours. The URL's options win."""
UNFINISHED_RESTORE: Final = "restoring.json"
"""In the home folder while a backup takes the place of what is there (``podmill.backup``)."""

_opening = threading.Lock()
_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()
_inherited: list[Pool] = []


def open_engine(settings: Settings) -> Engine:
    """The one engine of this process for this database, with the tables at the newest revision.

    Raises:
        ConfigurationError: the URL is wrong, the database cannot be reached, or a restore was interrupted.
    """
    if (settings.home / UNFINISHED_RESTORE).exists():
        raise ConfigurationError(
            f"A restore of {settings.home} was interrupted.", action="Run: podmill up, which finishes it"
        )
    with _opening:
        return _migrated(settings.database, settings.home)


@lru_cache(maxsize=4)
def _migrated(url: str, home: Path) -> Engine:
    engine = connect(url, home)
    migrate(engine, home)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction. On SQLite it takes the write lock at once, so that it can never fail half-way for it."""
    with engine.begin() as connection:
        yield connection


def connect(url: str, home: Path) -> Engine:
    """A new engine, its tables as they are.

    Raises:
        ConfigurationError: the URL is wrong.
        MissingExtraError: it names PostgreSQL, whose driver is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise ConfigurationError(
            "PODMILL_DATABASE_URL is not a database URL.",
            action="Use sqlite:///FILE or postgresql+psycopg://USER@HOST/DB.",
        ) from exc
    try:
        engine = create_engine(
            parsed,
            connect_args=_connect_args(parsed),
            pool_size=CONNECTIONS_MAX,
            max_overflow=0,
            pool_pre_ping=parsed.get_backend_name() != "sqlite",
        )
    except ModuleNotFoundError as exc:
        raise MissingExtraError("The PostgreSQL driver", extra="postgres") from exc
    if engine.dialect.name == "sqlite":
        _make_home(home)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    _engines.add(engine)
    return engine


def _connect_args(url: URL) -> dict[str, Any]:
    match url.get_backend_name():
        case "sqlite":
            return {"timeout": BUSY_TIMEOUT_S}
        case "postgresql":
            return {name: value for name, value in POSTGRESQL.items() if name not in url.query}
    return {}


def _forget_inherited() -> None:
    """In a forked child: the parent's connections are the parent's. They are kept, unused, so that none is closed."""
    global _opening  # noqa: PLW0603 - another thread of the parent may hold the lock; none of the child does
    _opening = threading.Lock()
    for engine in _engines:
        _inherited.append(engine.pool)
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_inherited)


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


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A read-only transaction whose statements all see the database as it was at the first."""
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {"read_only": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def migrate(engine: Engine, home: Path) -> None:
    """Bring the tables to the newest revision; one process at a time, and nothing at all when they are.

    Raises:
        ConfigurationError: the database cannot be reached, is damaged, or is of a newer version.
    """
    try:
        with reading(engine) as connection:
            revision = revision_of(connection)
        if revision == NEWEST:
            return
        if revision is not None and revision not in known_revisions():
            raise ConfigurationError(
                f"The tables of {engine.url.render_as_string(hide_password=True)} are of a newer version of Podmill "
                f"(revision {revision}).",
                action="Install that version or a newer one, or choose another PODMILL_HOME.",
            )
        with _one_at_a_time(engine, home) as connection:
            _upgrade(connection)
    except DatabaseError as exc:
        where = engine.url.render_as_string(hide_password=True)
        raise ConfigurationError(
            f"The database {where} cannot be used: {exc.orig}.", action="Check PODMILL_DATABASE_URL and the server."
        ) from exc


def _upgrade(connection: Connection) -> None:
    # Alembic is as slow to load as a command is to run, and mostly there is nothing to upgrade.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revision_of(connection: Connection) -> str | None:
    """The revision the tables are at; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def known_revisions() -> set[str]:
    """The revisions this version can bring to the newest."""
    return {path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")}


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
