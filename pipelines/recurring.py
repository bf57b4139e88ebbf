"""Recurring episodes of a show: one for each slot of its schedules, whoever ticks and however often."""

import datetime as dt
import hashlib
import logging
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadCronError, croniter
from sqlalchemy import Connection, Engine, Row, delete, select, update

from models.brief import Brief
from models.tables import Batch, Schedule, Show, table
from pipelines import asking
from pipelines import episode as episodes
from pipelines.asking import Wanted
from podcast_tasks import admission
from podcast_tasks.app import app
from podmill.errors import InputError, RateLimitExceededError, TierRequiredError
from podmill.settings import Settings, current
from podmill.store.clock import now
from podmill.store.database import insert_into, open_engine, reading, transaction

log = logging.getLogger(__name__)
BATCH, SCHEDULE, SHOW = table(Batch), table(Schedule), table(Show)

_told: set[tuple[int, float]] = set()
"""Slots whose refusal this process has logged: every tick tries them again."""


def schedule(engine: Engine, *, show: str, name: str, cron: str, timezone: str, brief: Brief) -> None:
    """Make or change a schedule. Slots that lie before this moment are not made up for.

    Args:
        cron: five fields: minute, hour, day of month, month, day of week.
        timezone: IANA name; the cron expression is read in it, through changes of clock.

    Raises:
        InputError: the show, the expression or the time zone is not usable.
    """
    zone = _zone(timezone)
    if not croniter.is_valid(cron) or len(cron.split()) != 5:
        raise InputError(f"{cron!r} is not a cron expression.", action="Five fields: 0 6 * * 1", field="cron")
    values = {"cron": cron, "timezone": str(zone), "brief": brief.model_dump(mode="json"), "active": True}
    with transaction(engine) as connection:
        if connection.scalar(select(SHOW.c.slug).where(SHOW.c.slug == show)) is None:
            raise InputError(f"There is no show {show!r}.", action="Run: podmill show list", field="show")
        statement = insert_into(connection, SCHEDULE).values(show=show, name=name, since=now(), **values)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["show", "name"], set_={**values, "since": now(), "last_slot": None}
            )
        )


def unschedule(engine: Engine, *, show: str, name: str) -> None:
    """Remove a schedule; episodes it made stay.

    Raises:
        InputError: there is no such schedule.
    """
    with transaction(engine) as connection:
        gone = connection.execute(delete(SCHEDULE).where(SCHEDULE.c.show == show, SCHEDULE.c.name == name))
        if gone.rowcount == 0:
            raise InputError(f"The show {show!r} has no schedule {name!r}.", action="Run: podmill show list")


def latest_slot(cron: str, timezone: str, *, after_s: float, until_s: float) -> float | None:
    """The newest slot in (after, until], in seconds since 1970: of several missed runs only the last is made up for."""
    zone = _zone(timezone)
    until = dt.datetime.fromtimestamp(until_s, zone)
    try:
        # croniter excludes the start itself, so a slot of this very second is asked for from one microsecond later.
        start = until + dt.timedelta(microseconds=1)
        slot = croniter(cron, start).get_prev(dt.datetime).timestamp()
    except CroniterBadCronError as exc:
        raise InputError(f"{cron!r} is not a cron expression.", field="cron") from exc
    return slot if after_s < slot <= until_s else None


def slots(cron: str, timezone: str, *, after_s: float, until_s: float) -> list[float]:
    """Every slot in (after, until], in seconds since 1970."""
    zone = _zone(timezone)
    times = croniter(cron, dt.datetime.fromtimestamp(after_s, zone))
    found: list[float] = []
    while (slot := times.get_next(dt.datetime).timestamp()) <= until_s:
        found.append(slot)
    return found


def submit_due(engine: Engine, settings: Settings) -> list[str]:
    """Make the episode of every schedule whose slot has come.

    Returns:
        Ids of the episodes that are new.
    """
    with reading(engine) as connection:
        moment = float(connection.scalar(select(now())) or 0)
        rows = connection.execute(select(SCHEDULE).where(SCHEDULE.c.active)).all()
    if rows:
        # The show may be the first thing this database ever makes: nothing was submitted, so nobody opened the account.
        asking.payer(engine, settings)
    made = []
    for row in rows:
        slot = latest_slot(row.cron, row.timezone, after_s=row.last_slot or row.since, until_s=moment)
        if slot is None:
            continue
        stamp = dt.datetime.fromtimestamp(slot, _zone(row.timezone))
        try:
            episode_id = _make(engine, row, slot, stamp, settings)
        except (RateLimitExceededError, TierRequiredError) as exc:
            # The slot stays due: it is made once its account may have it, unless the next one comes before.
            if (row.id, slot) not in _told:
                _told.add((row.id, slot))
                log.warning("schedule %s of %s: slot %s: %s", row.name, row.show, stamp.isoformat(), exc)
            continue
        if episode_id is not None:
            log.info("schedule %s of %s: slot %s", row.name, row.show, stamp.isoformat())
            made.append(episode_id)
    if made:
        admission.admit(engine, settings)
    return made


def _make(engine: Engine, row: Row[Any], slot: float, stamp: dt.datetime, settings: Settings) -> str | None:
    """The episode of a slot; None when it was made before.

    Raises:
        RateLimitExceededError: the account may not have it now.
        TierRequiredError: nor at all.
    """
    brief = Brief.model_validate(row.brief)
    key = hashlib.sha256(f"schedule\0{row.show}\0{row.name}\0{int(slot)}".encode()).hexdigest()
    with transaction(engine) as connection:
        episode_id, is_new = episodes.make(
            connection,
            key=key,
            brief=brief,
            title=f"{brief.subject}, {stamp:%Y-%m-%d}",
            account=settings.account,
            batch_id=_batch(connection, row, key, stamp, settings.account),
            synthesis_queue=episodes.synthesis_queue(brief, settings),
        )
        connection.execute(update(SCHEDULE).where(SCHEDULE.c.id == row.id).values(last_slot=slot))
        if not is_new:
            return None
        asking.check(connection, settings.account, [episode_id], [Wanted(key, brief)], settings)
        return episode_id


def _batch(connection: Connection, row: Row[Any], key: str, stamp: dt.datetime, account: str) -> str:
    """The batch of one slot, so that its episode shows wherever batches do."""
    values = {
        "id": uuid4().hex[:12],
        "name": f"{row.name} {stamp:%Y-%m-%d %H:%M}",
        "fingerprint": key,
        "show": row.show,
        "account": account,
        "refused": [],
        "created_at": now(),
    }
    statement = insert_into(connection, BATCH).values(values)
    # An update that changes nothing: only then is the id of a batch that is there already returned.
    again = statement.on_conflict_do_update(index_elements=["fingerprint"], set_={"fingerprint": key})
    return str(connection.scalar(again.returning(BATCH.c.id)))


@app.task(name="pipelines.recurring.tick")
def tick() -> None:
    """Beat asks every half minute whether a slot has come."""
    settings = current()
    submit_due(open_engine(settings), settings)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise InputError(
            f"{name!r} is not a time zone.", action="Use a name like Europe/Berlin.", field="timezone"
        ) from exc
