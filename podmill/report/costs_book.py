"""What the ledger and the episodes say of money, read once: whatever is added up from it comes to the same total.

Money belongs to its day in UTC as the ledger has it, an episode to the day on which it was published, or last changed.
"""

import calendar
import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from models.steps import ChargeState, EpisodeState, Step
from models.tables import Batch, Charge, Episode, Reservation, Show, StepDocument, StepRun, table
from podmill.errors import InputError
from podmill.report.status import OWED

CHARGE, RESERVATION, EPISODE = table(Charge), table(Reservation), table(Episode)
DOCUMENT, STEP_RUN, BATCH, SHOW = table(StepDocument), table(StepRun), table(Batch), table(Show)
GROUPED: Final = ("account", "show", "batch_id", "episode_id", "day", "step", "provider", "unit", "state")
LISTED: Final = (
    *("id", "account", "show", "batch_id", "title", "state"),
    *("created_at", "updated_at", "published_at", "duration_s"),
)

Charged = Any
"""A row: charges that are alike in all that is ``GROUPED``: requests, amount and cost in micro-dollars, quantity."""
Estimates = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the ledger is wanted."""

    since: str | None = None
    """First day, ``2026-11-21``."""
    until: str | None = None
    """Last day."""
    account: str | None = None
    show: str | None = None

    def holds(self, day: str) -> bool:
        return (self.since or "") <= day <= (self.until or "~")


@dataclass(frozen=True, slots=True)
class Book:
    """A part of the ledger, and the episodes that belong to it."""

    asked: Asked
    charges: Sequence[Charged]
    """In the period."""
    reservations: Sequence[Any]
    """That hold something."""
    episodes: Sequence[Any]
    busy: Sequence[Any]
    """Working time by episode and step."""
    estimates: Estimates
    """Items of each published episode's estimate."""
    estimated: Sequence[Charged]
    """Charges of those episodes, of any day."""
    titles: Mapping[str, str]
    """Of shows, batches and episodes: ``show:tides``."""


def open_book(connection: Connection, asked: Asked | None = None) -> Book:
    """Read what is asked for; ``connection`` should see one state of the database throughout (``snapshot``)."""
    asked = asked or Asked()
    mine = [CHARGE.c.state != ChargeState.REFUSED, *_whose(CHARGE, asked)]
    charges = _charges(connection, [*mine, *_days(CHARGE.c.day, asked)])
    held = [RESERVATION.c.open, RESERVATION.c.amount_microusd != 0, *_whose(RESERVATION, asked)]
    reservations = connection.execute(select(RESERVATION).where(*held, *_days(RESERVATION.c.day, asked))).all()
    wanted = select(*(EPISODE.c[name] for name in LISTED)).where(*_whose(EPISODE, asked))
    oldest_first = wanted.order_by(EPISODE.c.created_at, EPISODE.c.position, EPISODE.c.id)
    episodes = [each for each in connection.execute(oldest_first) if asked.holds(ended_on(each))]
    known = {each.id for each in episodes}
    busy = (
        select(STEP_RUN.c.episode_id, STEP_RUN.c.step, STEP_RUN.c.busy_s)
        .join(EPISODE, EPISODE.c.id == STEP_RUN.c.episode_id)
        .where(STEP_RUN.c.busy_s > 0, *_whose(EPISODE, asked))
    )
    estimates = _estimates(connection, asked, known)
    everything = charges if asked.since is None and asked.until is None else _charges(connection, mine)
    return Book(
        asked=asked,
        charges=charges,
        reservations=reservations,
        episodes=episodes,
        busy=[run for run in connection.execute(busy) if run.episode_id in known],
        estimates=estimates,
        estimated=[each for each in everything if each.episode_id in estimates and each.state in OWED],
        titles=_titles(connection),
    )


def asked_for(
    since: str | None = None, until: str | None = None, account: str | None = None, show: str | None = None
) -> Asked:
    """What is asked for by days or months, an account and a show.

    Raises:
        InputError: there is no such period.
    """
    first = None if since is None else day_of(since)
    last = None if until is None else day_of(until, last=True)
    if first and last and first > last:
        raise InputError(f"The first day, {first}, is after the last, {last}.")
    return Asked(first, last, account, show)


def months_of(connection: Connection) -> list[str]:
    """Months in which something was paid, the newest first."""
    days = connection.scalars(select(CHARGE.c.day).where(CHARGE.c.day != "").distinct())
    return sorted({day[:7] for day in days}, reverse=True)


def day_of(text: str, *, last: bool = False) -> str:
    """A day (``2026-11-21``), or the first or last one of a month (``2026-11``).

    Raises:
        InputError: it is neither.
    """
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
            first = dt.date.fromisoformat(f"{text}-01")
            return str(first.replace(day=calendar.monthrange(first.year, first.month)[1]) if last else first)
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return str(dt.date.fromisoformat(text))
    except ValueError:
        pass
    raise InputError(f"Not a day or a month: {text!r}.", action="Write it as 2026-11-21 or 2026-11.")


def ended_on(episode: Any) -> str:
    """The day on which an episode was published, or last changed."""
    at = episode.published_at or episode.updated_at
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d}"


def _charges(connection: Connection, where: Iterable[ColumnElement[bool]]) -> Sequence[Charged]:
    columns = [CHARGE.c[name] for name in GROUPED]
    counted = (
        func.count().label("requests"),
        func.sum(CHARGE.c.amount_microusd).label("amount"),
        func.sum(CHARGE.c.cost_microusd).label("cost"),
        func.sum(CHARGE.c.quantity).label("quantity"),
    )
    return connection.execute(select(*columns, *counted).where(*where).group_by(*columns)).all()


def _estimates(connection: Connection, asked: Asked, known: set[str]) -> Estimates:
    rows = connection.execute(
        select(DOCUMENT.c.episode_id, DOCUMENT.c.body)
        .join(EPISODE, EPISODE.c.id == DOCUMENT.c.episode_id)
        .where(DOCUMENT.c.step == Step.COST_CHECK, EPISODE.c.state == EpisodeState.PUBLISHED, *_whose(EPISODE, asked))
    )
    found = {}
    for episode_id, body in rows:
        # Not checked as a document: there may be ten thousand.
        estimate = json.loads(body).get("estimate") if episode_id in known else None
        if estimate:
            found[episode_id] = estimate["items"]
    return found


def _titles(connection: Connection) -> dict[str, str]:
    named = {
        "show": (SHOW.c.slug, SHOW.c.title),
        "batch": (BATCH.c.id, BATCH.c.name),
        "episode": (EPISODE.c.id, EPISODE.c.title),
    }
    return {
        f"{kind}:{name}": title
        for kind, columns in named.items()
        for name, title in connection.execute(select(*columns))
    }


def _whose(of: Any, asked: Asked) -> list[ColumnElement[bool]]:
    pairs = (("account", asked.account), ("show", asked.show))
    return [of.c[name] == value for name, value in pairs if value is not None]


def _days(column: ColumnElement[str], asked: Asked) -> list[ColumnElement[bool]]:
    bounds = [] if asked.since is None else [column >= asked.since]
    return bounds if asked.until is None else [*bounds, column <= asked.until]
