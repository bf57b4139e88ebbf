"""A real PostgreSQL server, and a new database in it for every test."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.servers.process import Server, missing, served

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

    name = f"podmill_{secrets.token_hex(6)}"
    with psycopg.connect(f"{_postgres}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{_postgres.replace('postgresql://', 'postgresql+psycopg://')}/{name}"
    with psycopg.connect(f"{_postgres}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
