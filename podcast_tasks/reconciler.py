"""Finding steps whose message is missing, and sending it again."""

import logging
from typing import Any

from sqlalchemy import and_, or_, select

from models.steps import OPEN_STATES, Step, StepState
from podcast_tasks import chain
from podcast_tasks.app import app
from podcast_tasks.journal import EPISODE, STEP_RUN, Journal
from podcast_tasks.queues import queue_of
from podmill.store.clock import now
from podmill.store.database import reading

log = logging.getLogger(__name__)

GRACE_S = 5.0
"""A step that became due a moment ago has its message on the way."""


def reconcile(journal: Journal) -> int:
    """Send again what the database says can be claimed and the broker holds no message for.

    A queue with as many messages as there are steps to claim lacks none, however old they are; otherwise the oldest are
    sent again, as many as are missing. So a long queue is not doubled, and a wiped broker is filled within one pass.

    Returns:
        The number of chains sent.
    """
    by_queue: dict[str, list[tuple[str, Step]]] = {}
    for episode_id, step in _claimable(journal):
        by_queue.setdefault(queue_of(step), []).append((episode_id, step))
    sent = 0
    for queue, waiting in by_queue.items():
        missing = len(waiting) - _length(queue)
        for episode_id, step in waiting[: max(missing, 0)]:
            chain.tail(episode_id, step).apply_async()
            sent += 1
    if sent:
        log.info("sent %d chains again", sent)
    return sent


def _claimable(journal: Journal) -> list[tuple[str, Step]]:
    due = and_(STEP_RUN.c.state == StepState.DUE, STEP_RUN.c.due_at < now() - GRACE_S)
    parked = and_(STEP_RUN.c.state == StepState.PARKED, STEP_RUN.c.not_before <= now())
    silent = and_(STEP_RUN.c.state == StepState.RUNNING, STEP_RUN.c.lease_expires_at < now())
    statement = (
        select(STEP_RUN.c.episode_id, STEP_RUN.c.step)
        .join(EPISODE, and_(EPISODE.c.id == STEP_RUN.c.episode_id, EPISODE.c.step == STEP_RUN.c.step))
        .where(EPISODE.c.state.in_(OPEN_STATES), or_(due, parked, silent))
        .order_by(STEP_RUN.c.due_at)
    )
    with reading(journal.engine) as connection:
        return [(row.episode_id, Step(row.step)) for row in connection.execute(statement)]


def _length(queue: str) -> int:
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        return int(channel.client.llen(queue))
