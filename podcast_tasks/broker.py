"""The broker's Redis itself, for what is not a message: lengths of queues, counters."""

from functools import lru_cache

import redis

from podcast_tasks.app import app
from podmill.settings import current

TIMEOUT_S = 5.0


def client() -> "redis.Redis":
    """The client of this process for the broker Celery uses; pooled, and safe across forks."""
    return _client(str(app.conf.broker_url))


def key(name: str) -> str:
    """The key with the prefix that everything of ours on the broker has."""
    return current().broker_prefix + name


@lru_cache(maxsize=2)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, socket_keepalive=True)
