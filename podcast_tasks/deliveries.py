"""How many deliveries of messages did something, and how many found nothing to do.

The counts live on the broker, beside the messages, and are gone with them: they are for looking at, not for deciding.
"""

import logging

from redis.exceptions import RedisError

from podcast_tasks import broker
from podmill.errors import ConfigurationError

log = logging.getLogger(__name__)
_HASH = "deliveries"


def count(*, done: bool) -> None:
    """Count one delivery. Never fails: a step must not depend on it.

    Args:
        done: whether a step was claimed.
    """
    try:
        broker.client().hincrby(broker.key(_HASH), "done" if done else "nothing", 1)
    except (RedisError, ConfigurationError) as exc:
        log.debug("a delivery was not counted: %s", exc)


def counted() -> tuple[int, int]:
    """Deliveries since the broker was last empty: those that claimed a step, and those that found nothing to do."""
    done, nothing = broker.client().hmget(broker.key(_HASH), ["done", "nothing"])
    return int(done or 0), int(nothing or 0)
