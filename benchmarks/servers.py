"""The servers that measurements run against: those of the tests, or a word on what to install."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.servers.broker import VALKEY, redis_protocol
from tests.servers.postgres import cluster


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """URL of a private broker: the bundled Valkey."""
    with redis_protocol(VALKEY, folder) as url:
        yield url


@contextmanager
def postgres() -> Iterator[str]:
    """SQLAlchemy URL of an empty database on a private PostgreSQL that flushes every commit to disk.

    Raises:
        SystemExit: PostgreSQL is not installed.
    """
    try:
        with cluster(durable=True) as (_, url):
            with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE bench")
            yield f"{url.replace('postgresql://', 'postgresql+psycopg://')}/bench"
    except pytest.skip.Exception as exc:
        sys.exit(str(exc))
