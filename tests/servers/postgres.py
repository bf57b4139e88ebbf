"""A real PostgreSQL server, and a new database in it for every test."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlmodel import SQLModel

from podmill.store.database import NEWEST
from tests.servers.process import Server, missing, served

if TYPE_CHECKING:
    import psycopg

DEBIAN: Final = Path("/usr/lib/postgresql")


def _binaries() -> Path:
    """Folder of the newest installed server. Debian keeps it off the search path."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        missing("PostgreSQL", "postgresql")
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


def _user() -> int | None:
    """PostgreSQL refuses to run as root: then it runs as its package's user, or as nobody."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return known.get("postgres", known["nobody"])


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[tuple[Server, str]]:
    """A new cluster's server, and its URL without a database.

    Args:
        durable: flush every commit to disk, as one whose data is kept does.
    """
    psycopg = pytest.importorskip("psycopg")
    binaries, user, password = _binaries(), _user(), secrets.token_hex(16)
    # Not under pytest's folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="podmill-postgres-"))
    secret = folder / "password"
    secret.write_text(password)
    if user is not None:
        for path in (folder, secret):
            os.chown(path, user, -1)
    data = folder / "data"
    try:
        subprocess.run(
            [
                *(binaries / "initdb", "--pgdata", data, "--username", "podmill", "--pwfile", secret),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ],
            user=user,
            cwd="/",
            check=True,
            capture_output=True,
            timeout=120,
        )

        def url(port: int) -> str:
            return f"postgresql://podmill:{password}@127.0.0.1:{port}"

        def command(port: int) -> list[str]:
            options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100"]
            if not durable:
                # The data is thrown away, and the tests kill clients, not the machine.
                options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
            arguments = [part for option in options for part in ("-c", option)]
            return [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *arguments]

        def ready(port: int) -> bool:
            try:
                psycopg.connect(f"{url(port)}/postgres", connect_timeout=2).close()
            except psycopg.OperationalError:
                return False
            return True

        # SIGINT: fast shutdown, which does not wait for clients.
        log = folder / "server.log"
        with served(Server(command, ready, log=log, user=user, stop=signal.SIGINT)) as server:
            yield server, url(server.port)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with cluster() as (_, url):
        yield url


@pytest.fixture
def postgres_url(_postgres: str) -> Iterator[str]:
    """SQLAlchemy URL of a new, empty database. Skipped where PostgreSQL is not installed; on CI it must be."""
    import psycopg

    name = _new_name()
    with psycopg.connect(f"{_postgres}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{_postgres.replace('postgresql://', 'postgresql+psycopg://')}/{name}"
    with psycopg.connect(f"{_postgres}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def _emptied() -> list[str]:
    """Names of databases that have their tables, and nothing in them."""
    return []


@pytest.fixture
def postgres_tables_url(_postgres: str, _emptied: list[str]) -> Iterator[str]:
    """SQLAlchemy URL of a database with no row in it, which may have its tables already: making them takes longer.

    It is one of an earlier test, by a new name: what that test left running does not find it.
    """
    import psycopg

    name = _new_name()
    with psycopg.connect(f"{_postgres}/postgres", autocommit=True) as connection:
        connection.execute(
            f'ALTER DATABASE "{_emptied.pop()}" RENAME TO "{name}"' if _emptied else f'CREATE DATABASE "{name}"'
        )
    yield f"{_postgres.replace('postgresql://', 'postgresql+psycopg://')}/{name}"
    with psycopg.connect(f"{_postgres}/postgres", autocommit=True) as connection:
        left = "FROM pg_stat_activity WHERE datname = %s"
        while connection.execute(f"SELECT pg_terminate_backend(pid) {left}", [name]).fetchall():
            time.sleep(0.002)
        spare = _new_name()
        connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{spare}"')
        with psycopg.connect(f"{_postgres}/{spare}", autocommit=True) as inside:
            is_fit = _empty(inside)
        if is_fit:
            _emptied.append(spare)
        else:
            connection.execute(f'DROP DATABASE "{spare}" WITH (FORCE)')


def _new_name() -> str:
    return f"podmill_{secrets.token_hex(6)}"


def _empty(connection: "psycopg.Connection[Any]") -> bool:
    """Whether the tables are those of the newest revision; then they are empty."""
    tables = {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    if tables != {"alembic_version", *SQLModel.metadata.tables}:
        return False
    if connection.execute("SELECT version_num FROM alembic_version").fetchall() != [(NEWEST,)]:
        return False
    names = ", ".join(f'"{name}"' for name in SQLModel.metadata.tables)
    connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
    return True
