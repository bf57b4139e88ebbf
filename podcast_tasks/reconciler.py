"""Finding steps whose message is missing, and sending it again."""

import logging
from collections import defaultdict
from typing import Final

from sqlalchemy import ColumnElement, Row, and_, or_, select, update

from models.steps import Step, StepState
from podcast_tasks import admission, broker, chain
from podcast_tasks.admission import OF_OPEN_EPISODE
from podcast_tasks.chain import Call
from podcast_tasks.journal import EPISODE, STEP_RUN, Journal
from podcast_tasks.queues import NAMES, PRIORITIES, list_of, priority_of, queue_of
from podmill.money import pauses
from podmill.store.clock import now
from podmill.store.database import reading, transaction

log = logging.getLogger(__name__)

GRACE_S: Final = 5.0
"""What was sent a moment ago is on its way: into the queue, or from it into the hands of a worker."""
AT_ONCE: Final = 1000
"""Chains sent again in one pass at most; the next pass is seconds away."""

_CLAIMABLE: ColumnElement[bool] = or_(
    and_(STEP_RUN.c.state == StepState.DUE, STEP_RUN.c.sent_at.is_not(None)),
    and_(STEP_RUN.c.state == StepState.PARKED, STEP_RUN.c.sent_at >= STEP_RUN.c.not_before),
    and_(STEP_RUN.c.state == StepState.RUNNING, STEP_RUN.c.lease_expires_at < now()),
)
_OLD: ColumnElement[bool] = or_(STEP_RUN.c.sent_at.is_(None), STEP_RUN.c.sent_at < now() - GRACE_S)

Waiting = Row[str, str, bool, str, bool]
"""A step that a worker could claim: episode, step, interactive, queue of its synthesis, whether sent long ago."""


def reconcile(journal: Journal) -> int:
    """Wake what is paused and fits, let in what there is room for, and send again what has no message any more.

    The messages of each queue and priority are counted before and after the steps that could be claimed are read: as
    many messages as steps, and none is missing. Otherwise as many as are missing are sent again, those sent longest
    ago first: queues are first in, first out, so theirs are the lost ones. A long queue is not doubled, an emptied
    broker is full again after one pass, and of two passes at once one sends.

    Returns:
        The number of chains sent.

    Raises:
        RedisError: the broker is away; nothing was sent.
    """
    before = _lengths()
    pauses.wake_fitting(journal.engine)
    let_in = admission.admit(journal.engine, journal.settings)
    by_list: dict[str, list[Waiting]] = defaultdict(list)
    for row in _claimable(journal):
        queue = queue_of(Step(row.step), row.synthesis_queue)
        by_list[list_of(queue, priority_of(interactive=row.interactive))].append(row)
    after = _lengths() if by_list else before
    lost: list[Waiting] = []
    for name, rows in by_list.items():
        missing = len(rows) - max(before[name], after[name])
        lost += [row for row in rows if row.is_old][: max(missing, 0)]
    again = _mark(journal, lost[:AT_ONCE])
    sent = chain.send(again, point="reconcile:sent")
    if sent:
        log.info("sent %d chains again", sent)
    return let_in + sent


def _claimable(journal: Journal) -> list[Waiting]:
    """Steps in the chain that no worker holds, the longest ago sent first; of those let in together, as they were."""
    statement = (
        select(
            *(STEP_RUN.c.episode_id, STEP_RUN.c.step),
            *(EPISODE.c.interactive, EPISODE.c.synthesis_queue, _OLD.label("is_old")),
        )
        .select_from(STEP_RUN.join(EPISODE, OF_OPEN_EPISODE))
        .where(_CLAIMABLE)
        .order_by(STEP_RUN.c.sent_at.asc().nulls_first(), EPISODE.c.position, EPISODE.c.id)
    )
    with reading(journal.engine) as connection:
        return list(connection.execute(statement))


def _mark(journal: Journal, rows: list[Waiting]) -> list[Call]:
    """Of these steps those that nobody else has claimed or sent meanwhile, marked as sent now."""
    if not rows:
        return []
    statement = (
        update(STEP_RUN)
        .where(STEP_RUN.c.episode_id.in_([row.episode_id for row in rows]), _CLAIMABLE, _OLD)
        .values(sent_at=now())
        .returning(STEP_RUN.c.episode_id, STEP_RUN.c.step)
    )
    with transaction(journal.engine) as connection:
        marked = {tuple(row) for row in connection.execute(statement)}
    return [
        Call(row.episode_id, Step(row.step), row.interactive, row.synthesis_queue)
        for row in rows
        if (row.episode_id, row.step) in marked
    ]


def _lengths() -> dict[str, int]:
    names = [list_of(queue, priority) for queue in NAMES for priority in PRIORITIES]
    with broker.client().pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.llen(broker.key(name))
        return dict(zip(names, pipeline.execute(), strict=True))
