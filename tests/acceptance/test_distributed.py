"""PostgreSQL and Redis by URL: the same episode, no bundled server."""

from pathlib import Path

import pytest
import redis

from tests.acceptance.conftest import Command, answer
from tests.acceptance.test_kills import published_once

pytestmark = pytest.mark.slow


def test_an_episode_by_postgresql_and_redis(
    podmill: Command,
    script: Path,
    environment: dict[str, str],
    podmill_home: Path,
    postgres_url: str,
    redis_server: str,
):
    """It is published once, both servers did the work, and the same file again makes nothing twice."""
    environment["PODMILL_DATABASE_URL"] = postgres_url
    environment["PODMILL_BROKER_URL"] = redis_server

    done = podmill("produce", script, "--json")
    report = answer(done)
    again = answer(podmill("submit", script, "--json"))

    assert done.returncode == 0, done.stderr
    published_once(report)
    assert [episode["id"] for episode in again["episodes"]] == [episode["id"] for episode in report["episodes"]]
    assert not (podmill_home / "podmill.db").exists()
    assert not (podmill_home / "broker").exists()
    with redis.Redis.from_url(redis_server, decode_responses=True) as client:
        keys = client.keys()
    assert keys, "the messages went through Redis"
    assert [key for key in keys if not key.startswith("podmill:")] == []
