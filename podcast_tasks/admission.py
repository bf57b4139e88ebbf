"""Admission: at most ``episodes_at_once`` episodes of batches are in the chain; the others wait in the database.

A step is in the chain while it has a message or a worker: due and sent, running, or parked, due again and sent. It
waits to be let in while it is due and was never sent, or parked and due again. What is parked until later is neither:
it holds no place, so that one provider's outage does not stop the batches of another, and it needs one to go on, so
that the end of an outage wakes no more than the chain takes.

Places go to the batch with the fewest episodes in the chain, of those with as many to the one that was served longest
ago; inside a batch to what was begun, then by position. Interactive episodes need no place.
"""

import logging
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, exists, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from models.steps import OPEN_STATES, STEPS, Step, StepState
from models.tables import Batch, Episode, StepRun, table
from podcast_tasks import chain
from podcast_tasks.chain import Call
from podmill.settings import Settings
from podmill.store.clock import now
from podmill.store.database import reading, transaction

log = logging.getLogger(__name__)
BATCH, EPISODE, STEP_RUN = table(Batch), table(Episode), table(StepRun)

ONE_AT_A_TIME: Final = 7306614
"""PostgreSQL's advisory lock of admission: two that count at once would both fill the same places."""
REFILL_SHARE: Final = 0.1
"""A worker whose episode left the chain refills it once this share of the places is free."""

_DUE = STEP_RUN.c.state == StepState.DUE
_PARKED = STEP_RUN.c.state == StepState.PARKED
_RUNNING = STEP_RUN.c.state == StepState.RUNNING

IN_CHAIN: ColumnElement[bool] = or_(
    and_(_DUE, STEP_RUN.c.sent_at.is_not(None)), _RUNNING, and_(_PARKED, STEP_RUN.c.sent_at >= STEP_RUN.c.not_before)
)
WAITING: ColumnElement[bool] = or_(
    and_(_DUE, STEP_RUN.c.sent_at.is_(None)),
    and_(
        _PARKED,
        STEP_RUN.c.not_before <= now(),
        or_(STEP_RUN.c.sent_at.is_(None), STEP_RUN.c.sent_at < STEP_RUN.c.not_before),
    ),
)
OF_OPEN_EPISODE: ColumnElement[bool] = and_(
    EPISODE.c.id == STEP_RUN.c.episode_id, EPISODE.c.step == STEP_RUN.c.step, EPISODE.c.state.in_(OPEN_STATES)
)


def admit(engine: Engine, settings: Settings) -> int:
    """Fill the chain and send what was let in.

    Returns:
        How many episodes were let in.
    """
    with transaction(engine) as connection:
        calls = let_in(connection, settings.episodes_at_once)
    chain.send(calls, point="admission:sent")
    return len(calls)


def refill(engine: Engine, settings: Settings) -> None:
    """As ``admit``, when enough places are free to be worth it. For workers, each time an episode leaves the chain.

    Never fails: what is not let in now is let in by the reconciler.
    """
    try:
        with reading(engine) as connection:
            is_any = connection.scalar(select(exists().where(WAITING)))
            free = settings.episodes_at_once - in_chain(connection) if is_any else 0
        if free >= max(settings.episodes_at_once * REFILL_SHARE, 1):
            admit(engine, settings)
    except SQLAlchemyError as exc:
        log.warning("the chain was not refilled (%s): the reconciler does it", exc)


def in_chain(connection: Connection) -> int:
    """Episodes of batches that hold a place."""
    # Not a join: SQLite would begin with the open episodes, of which there are many more.
    of_batch = exists().where(OF_OPEN_EPISODE, EPISODE.c.interactive.is_(False))
    return int(connection.scalar(select(func.count()).select_from(STEP_RUN).where(IN_CHAIN, of_batch)) or 0)


def let_in(connection: Connection, at_once: int) -> list[Call]:
    """Mark as sent what may enter the chain now; the caller sends it once this is committed.

    Args:
        at_once: places for episodes of batches.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    chosen = connection.execute(_next(max(at_once - in_chain(connection), 0))).all()
    if not chosen:
        return []
    ids = [row.episode_id for row in chosen]
    connection.execute(update(STEP_RUN).where(STEP_RUN.c.episode_id.in_(ids), WAITING).values(sent_at=now()))
    served = {row.batch_id for row in chosen if row.batch_id}
    connection.execute(update(BATCH).where(BATCH.c.id.in_(served)).values(turn_at=now()))
    return [Call(row.episode_id, Step(row.step), row.interactive, row.synthesis_queue) for row in chosen]


def _next(places: int) -> Select[str, str, bool, str, str | None]:
    """What is let in: every interactive step that waits, and as many of batches as there are places."""
    batch = func.coalesce(EPISODE.c.batch_id, "").label("batch")
    held = (
        select(batch, func.count().label("episodes"))
        .select_from(STEP_RUN.join(EPISODE, OF_OPEN_EPISODE))
        .where(IN_CHAIN, EPISODE.c.interactive.is_(False))
        .group_by(batch)
        .cte("held")
    )
    begun_first = case((and_(_DUE, STEP_RUN.c.step == STEPS[0]), 1), else_=0)
    place = func.row_number().over(
        partition_by=(EPISODE.c.interactive, batch), order_by=(begun_first, EPISODE.c.position, EPISODE.c.id)
    )
    call = (
        *(STEP_RUN.c.episode_id, STEP_RUN.c.step),
        *(EPISODE.c.interactive, EPISODE.c.synthesis_queue, EPISODE.c.batch_id),
    )
    waiting = (
        select(*call, batch, place.label("place"))
        .select_from(STEP_RUN.join(EPISODE, OF_OPEN_EPISODE))
        .where(WAITING)
        .cte("waiting")
    )
    # As the how-many-th of its batch it would be in the chain: every batch's first comes before anybody's second.
    turn = func.row_number().over(
        partition_by=waiting.c.interactive,
        order_by=(
            waiting.c.place + func.coalesce(held.c.episodes, 0),
            BATCH.c.turn_at.asc().nulls_first(),
            BATCH.c.created_at,
            waiting.c.batch,
        ),
    )
    turns = (
        select(*(waiting.c[column.name] for column in call), turn.label("turn"))
        .select_from(
            waiting.outerjoin(held, held.c.batch == waiting.c.batch).outerjoin(BATCH, BATCH.c.id == waiting.c.batch)
        )
        .where(or_(waiting.c.interactive, waiting.c.place <= places))
        .cte("turns")
    )
    return (
        select(*(turns.c[column.name] for column in call))
        .where(or_(turns.c.interactive, turns.c.turn <= places))
        .order_by(turns.c.interactive.desc(), turns.c.turn)
    )
