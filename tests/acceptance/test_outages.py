"""The database or the broker is away for a while: workers go on by themselves, and nothing is made twice."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.tiny_node import TinyNode
from tests.servers.broker import VALKEY, redis_server_in
from tests.servers.postgres import cluster
from tests.servers.process import Server

pytestmark = pytest.mark.slow

AWAY_S = 8.0
"""Several leases, several passes of the reconciler, several tries of a worker."""
SOON = {"PODMILL_LEASE_S": "2", "PODMILL_RECONCILE_S": "1", "PODMILL_RETRY_BASE_S": "0.1"}


@pytest.fixture
def database() -> Iterator[tuple[Server, str]]:
    """A PostgreSQL server of this test's own, which it may stop, and the URL of an empty database."""
    with cluster(durable=True) as (server, url):
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE podmill_away")
        yield server, f"{url.replace('postgresql://', 'postgresql+psycopg://')}/podmill_away"


def test_a_step_outlives_the_database(podmill_home: Path, broker: str, database: tuple[Server, str]):
    """Its work was done while the database was away; it is recorded once that is back, not done again."""
    server, url = database
    env = {**SOON, "PODMILL_LEASE_S": "600", "PODMILL_DATABASE_URL": url}
    with TinyNode(podmill_home, broker, **env) as node:
        worker = node.worker("threads")
        (episode_id,) = node.make("sleep:3")
        node.wait(lambda: node.has(episode_id, "begun1"))
        server.stop()
        node.wait(lambda: node.has(episode_id, "worked1"))
        time.sleep(AWAY_S)
        server.start()
        node.wait(lambda: node.is_published(episode_id))

        run = node.research(episode_id)
        assert (1, 0, 0) == (run.attempt, run.failures, run.lost_leases), node.logs()
        assert worker.poll() is None


def test_a_delivery_outlives_the_database(podmill_home: Path, broker: str, database: tuple[Server, str]):
    """A worker that starts while the database is away waits for it with its first message, and loses none."""
    server, url = database
    with TinyNode(podmill_home, broker, **SOON, PODMILL_DATABASE_URL=url) as node:
        ids = node.make("nothing", "nothing:too")
        server.stop()
        worker = node.worker("prefork")
        node.wait(lambda: "the database is away" in node.logs())
        server.start()
        node.wait(lambda: all(node.is_published(each) for each in ids))

        assert [(1, 0, 0)] * 2 == [(run.attempt, run.failures, run.lost_leases) for run in map(node.research, ids)]
        assert worker.poll() is None
        assert "Traceback" not in node.logs()


def test_everything_goes_on_after_the_database(podmill_home: Path, broker: str, database: tuple[Server, str]):
    """Leases ran out meanwhile, and the reconciler was at work: every episode is published, each step recorded once."""
    server, url = database
    with TinyNode(podmill_home, broker, **SOON, PODMILL_DATABASE_URL=url) as node:
        node.upkeep()
        workers = [node.worker("threads", concurrency=4), node.worker("prefork", concurrency=2)]
        ids = node.make(*(f"sleep:{1 + number % 4}:{number}" for number in range(12)))
        node.wait(lambda: node.has(ids[0], "begun1"))
        server.stop()
        time.sleep(AWAY_S)
        server.start()
        node.wait(lambda: all(node.is_published(each) for each in ids))

        assert all(node.records(each) == 7 for each in ids)
        assert [None, None] == [worker.poll() for worker in workers]


def test_everything_goes_on_after_the_broker(podmill_home: Path, tmp_path: Path):
    """It comes back empty: workers connect again, steps that worked meanwhile are recorded, messages are sent again."""
    with redis_server_in(VALKEY, tmp_path / "valkey") as (server, url), TinyNode(podmill_home, url, **SOON) as node:
        node.upkeep()
        workers = [node.worker("threads", concurrency=2), node.worker("prefork")]
        ids = node.make(*(f"sleep:{1 + number % 4}:{number}" for number in range(6)))
        node.wait(lambda: node.has(ids[0], "begun1"))
        server.stop()
        time.sleep(AWAY_S)
        server.start()
        node.wait(lambda: all(node.is_published(each) for each in ids))

        assert all(node.records(each) == 7 for each in ids)
        assert [None, None] == [worker.poll() for worker in workers]
