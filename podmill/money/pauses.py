"""Paused episodes: those that a budget did not cover, and which of them fit by now.

What is left grows when a budget is raised, when a day or a month turns, and when another episode gives back what it did
not need. Whoever looks wakes no more than fit.
"""

from collections.abc import Sequence
from math import inf
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, update

from models.steps import EpisodeState, StepState
from models.tables import Episode, Event, StepRun, table
from podmill.errors import BudgetExceededError
from podmill.money import purses
from podmill.money.purses import Payer
from podmill.store.clock import now
from podmill.store.database import reading, transaction

EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)

PAUSED: Final[ColumnElement[bool]] = and_(
    EPISODE.c.state == EpisodeState.PARKED, EPISODE.c.error_code == BudgetExceededError.code
)


def wake(connection: Connection, *which: ColumnElement[bool]) -> list[str]:
    """Let paused episodes try again, now.

    Returns:
        The ids of those that were paused.
    """
    wanted = select(EPISODE.c.id).where(PAUSED, *which).order_by(EPISODE.c.id)
    found = [str(each) for each in connection.scalars(wanted)]
    runs = update(STEP_RUN).where(STEP_RUN.c.episode_id.in_(found), STEP_RUN.c.state == StepState.PARKED)
    awake = connection.scalars(runs.values(not_before=now(), sent_at=None).returning(STEP_RUN.c.episode_id))
    woken = sorted(map(str, awake))
    if woken:
        due = {"state": EpisodeState.QUEUED, "activity": "", "error_code": None, "updated_at": now()}
        connection.execute(update(EPISODE).where(EPISODE.c.id.in_(woken)).values(due))
        events = [{"episode_id": episode_id, "data": {}} for episode_id in woken]
        connection.execute(EVENT.insert().values(kind="resumed", at=now()), events)
    return woken


def wake_fitting(engine: Engine) -> list[str]:
    """Let those try again that every budget covers by now, those that were made first before others.

    Returns:
        Their ids.
    """
    with reading(engine) as connection:
        fitting = _fitting(connection)
    if not fitting:
        return []
    with transaction(engine) as connection:
        return wake(connection, EPISODE.c.id.in_(fitting))


def _fitting(connection: Connection) -> Sequence[str]:
    told = (
        select(EPISODE.c.id, EPISODE.c.account, EPISODE.c.show, EPISODE.c.batch_id, EVENT.c.data)
        .join(EVENT, EVENT.c.episode_id == EPISODE.c.id)
        .where(PAUSED, EVENT.c.kind == "parked")
        .order_by(EPISODE.c.created_at, EPISODE.c.position, EPISODE.c.id, EVENT.c.id)
    )
    last: dict[str, Any] = {row.id: row for row in connection.execute(told)}
    if not last:
        return ()
    day = purses.today(connection)
    left: dict[str, float] = {}
    for each in purses.now_standing(connection):
        left[each.owner] = min(left.get(each.owner, inf), each.left_microusd)
    fitting = []
    for row in last.values():
        owners = {owner for owner, _ in Payer(row.account, row.show, row.batch_id, row.id, day).purses()}
        needed_microusd = row.data.get("needed_microusd") or inf
        if all(left.get(owner, inf) >= needed_microusd for owner in owners):
            fitting.append(row.id)
            left |= {owner: left[owner] - needed_microusd for owner in owners if owner in left}
    return fitting
