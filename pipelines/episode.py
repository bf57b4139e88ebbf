"""Making an episode, and sending its chain."""

import logging
from typing import Any
from uuid import uuid4

from kombu.exceptions import OperationalError
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import postgresql, sqlite

from models.brief import Brief
from models.steps import STEPS, EpisodeState, Step, StepState
from models.tables import Episode, Event, StepRun, table
from podcast_tasks import chain
from podmill.errors import ConfigurationError
from podmill.store.clock import now

log = logging.getLogger(__name__)
EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)


def make(
    connection: Connection,
    engine: Engine,
    *,
    key: str,
    brief: Brief,
    title: str,
    account: str,
    batch_id: str | None = None,
    position: int = 0,
) -> tuple[str, bool]:
    """Write an episode down with its first step due.

    An episode whose key is known already is not made again; it moves to the batch it is now submitted in.

    Returns:
        Its id, and whether it is new.
    """
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    episode_id = uuid4().hex
    row: dict[str, Any] = {
        "id": episode_id,
        "key": key,
        "show": brief.show,
        "account": account,
        "batch_id": batch_id,
        "position": position,
        "title": title,
        "brief": brief.model_dump(mode="json"),
        "state": EpisodeState.QUEUED,
        "step": STEPS[0],
        "progress": 0.0,
        "activity": "",
        "requests": 0,
        "created_at": now(),
        "updated_at": now(),
    }
    statement = dialect.insert(EPISODE).values(row)
    moved = {"batch_id": batch_id, "position": position} if batch_id else {"key": key}
    known = connection.scalar(
        statement.on_conflict_do_update(index_elements=["key"], set_=moved).returning(EPISODE.c.id)
    )
    if known != episode_id:
        return str(known), False
    first: dict[str, Any] = {
        "episode_id": episode_id,
        "step": STEPS[0],
        "state": StepState.DUE,
        "round": 0,
        "attempt": 0,
        "lost_leases": 0,
        "due_at": now(),
        "busy_s": 0.0,
    }
    connection.execute(STEP_RUN.insert().values(first))
    connection.execute(EVENT.insert().values(episode_id=episode_id, at=now(), kind="made", data={"title": title}))
    return episode_id, True


def send(episodes: list[tuple[str, Step]]) -> bool:
    """Publish the chains of episodes that are in the database already.

    Returns:
        False when no broker can be reached: the reconciler sends them once a node runs.
    """
    try:
        for episode_id, step in episodes:
            chain.tail(episode_id, step).apply_async(retry=False)
    except (OperationalError, ConfigurationError) as exc:
        log.warning("the chains were not sent (%s); the reconciler of a running node will send them", exc)
        return False
    return True
