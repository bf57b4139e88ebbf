"""Purses: how much money is held and spent under each owner in each period, and the budgets that bound it.

    owner    account:NAME   show:SLUG   batch:ID   episode:ID
    period   total          2026-11     2026-11-21               of accounts and shows; the others have only a total

A purse holds what reservations hold for their episodes, what open charges may cost, and what settled ones did. All
purses of an episode move in the transaction that moves the money, which fails as a whole where one is above its budget:
no interleaving can overspend any of them. Days and months turn at midnight UTC by the clock of the database; money
belongs to the day on which it was first held.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from models.tables import Budget, Event, Purse, table
from podmill.errors import BudgetExceededError
from podmill.money.amounts import usd
from podmill.store.clock import now
from podmill.store.database import insert_into

log = logging.getLogger(__name__)
BUDGET, EVENT, PURSE = table(Budget), table(Event), table(Purse)

Span = Literal["day", "month", "total"]
SPANS: Final[tuple[Span, ...]] = ("day", "month", "total")
TOTAL: Final = "total"
PERIOD_LENGTH: Final[Mapping[Span, int]] = {"day": len("2026-11-21"), "month": len("2026-11"), "total": len(TOTAL)}
WARNINGS: Final = (80, 95)
"""Per cent of a budget at which people are warned."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose money it is, and the day it belongs to."""

    account: str
    show: str
    batch_id: str | None
    episode_id: str
    day: str
    """``2026-11-21``"""

    def purses(self) -> list[tuple[str, str]]:
        """Owner and period of every purse it is in, in the order in which they are locked."""
        spans = (self.day, self.day[:7], TOTAL)
        found = [(owner, period) for owner in (f"account:{self.account}", f"show:{self.show}") for period in spans]
        found.append((f"episode:{self.episode_id}", TOTAL))
        if self.batch_id:
            found.append((f"batch:{self.batch_id}", TOTAL))
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget, and how much of it is used."""

    owner: str
    span: Span
    period: str
    limit_microusd: int
    used_microusd: int

    @property
    def left_microusd(self) -> int:
        return max(self.limit_microusd - self.used_microusd, 0)

    @property
    def percent(self) -> float:
        """Used share of the limit; of a limit of nothing, all of it."""
        return 100 * self.used_microusd / self.limit_microusd if self.limit_microusd else 100.0

    @property
    def warning(self) -> int:
        """The highest of ``WARNINGS`` that is reached; 0: none is."""
        return max((each for each in WARNINGS if self.percent >= each), default=0)

    @property
    def said(self) -> str:
        """For people: ``account:default has used 96 % of 10.00 USD for 2026-11``."""
        period = "" if self.span == "total" else f" for {self.period}"
        return f"{self.owner} has used {self.percent:.0f} % of {usd(self.limit_microusd)} USD{period}"


def today(connection: Connection) -> str:
    """The day by the clock of the database, in UTC: ``2026-11-21``."""
    return f"{_moment(connection):%Y-%m-%d}"


def move(connection: Connection, payer: Payer, amount_microusd: int, *, checked: bool = True) -> None:
    """Put money into all purses of a payer, or take it out.

    Args:
        checked: growth must be within every budget. What a provider has billed is a fact, and is not checked.

    Raises:
        BudgetExceededError: a budget does not cover it; the transaction must be given up.
    """
    if amount_microusd == 0:
        return
    rows = [
        {"owner": owner, "period": period, "used_microusd": amount_microusd, "warned": 0}
        for owner, period in payer.purses()
    ]
    statement = insert_into(connection, PURSE).values(rows)
    grown = statement.on_conflict_do_update(
        index_elements=["owner", "period"],
        set_={"used_microusd": PURSE.c.used_microusd + statement.excluded.used_microusd},
    ).returning(PURSE)
    purses = {(row.owner, row.period): row for row in connection.execute(grown)}
    if amount_microusd < 0:
        return
    budgets = _standings(connection, payer, {key: row.used_microusd for key, row in purses.items()})
    over = [each for each in budgets if each.used_microusd > each.limit_microusd]
    if over and checked:
        raise _exceeded(connection, over, amount_microusd)
    for each in budgets:
        _warn(connection, each, purses[each.owner, each.period].warned)


def set_budget(connection: Connection, owner: str, span: Span, limit_microusd: int | None) -> None:
    """Limit a purse from now on; None takes the limit away. What is above a lower limit stays, and nothing is added.

    People are warned anew of as much as the new limit leaves unused.
    """
    if limit_microusd is None:
        connection.execute(delete(BUDGET).where(BUDGET.c.owner == owner, BUDGET.c.span == span))
        return
    statement = insert_into(connection, BUDGET).values(owner=owner, span=span, limit_microusd=limit_microusd)
    changed = {"limit_microusd": statement.excluded.limit_microusd}
    connection.execute(statement.on_conflict_do_update(index_elements=["owner", "span"], set_=changed))
    # In the order in which money that moves locks them.
    of_span = (PURSE.c.owner == owner, PURSE.c.warned > 0, func.length(PURSE.c.period) == PERIOD_LENGTH[span])
    for purse in connection.execute(select(PURSE).where(*of_span).order_by(PURSE.c.period).with_for_update()).all():
        reached = Standing(owner, span, purse.period, limit_microusd, purse.used_microusd).warning
        if reached < purse.warned:
            which = _is(owner, purse.period)
            connection.execute(update(PURSE).where(which).values(warned=reached))


def standings(connection: Connection, payer: Payer) -> list[Standing]:
    """Every budget that a payer is under, as it stands: those of accounts, shows, batches, then episodes."""
    keys = payer.purses()
    used = connection.execute(select(PURSE).where(or_(*(_is(owner, period) for owner, period in keys))))
    return _standings(connection, payer, {(row.owner, row.period): row.used_microusd for row in used})


def short(standings: Iterable[Standing], amount_microusd: int) -> list[BudgetExceededError]:
    """Each budget that does not cover an amount, as an error for a person."""
    return [_uncovered(each, amount_microusd) for each in standings if each.left_microusd < amount_microusd]


def now_standing(connection: Connection) -> list[Standing]:
    """Every budget there is, with what its purse of today, of this month or at all holds."""
    day = today(connection)
    budgets = connection.execute(select(BUDGET).order_by(BUDGET.c.owner, BUDGET.c.span)).all()
    periods = {day, day[:7], TOTAL}
    used = {
        (row.owner, row.period): row.used_microusd
        for row in connection.execute(
            select(PURSE).where(PURSE.c.owner.in_({row.owner for row in budgets}), PURSE.c.period.in_(periods))
        )
    }
    return [_standing(row, day, used) for row in budgets]


def until_turn_s(connection: Connection, span: Span) -> float | None:
    """Seconds to the next day or month; None: a total never turns."""
    moment = _moment(connection)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if span == "day":
        return (midnight + dt.timedelta(days=1) - moment).total_seconds()
    if span == "month":
        return ((midnight.replace(day=1) + dt.timedelta(days=32)).replace(day=1) - moment).total_seconds()
    return None


def _moment(connection: Connection) -> dt.datetime:
    return dt.datetime.fromtimestamp(float(connection.scalar(select(now())) or 0.0), dt.UTC)


def _is(owner: str, period: str) -> ColumnElement[bool]:
    return and_(PURSE.c.owner == owner, PURSE.c.period == period)


def _standings(connection: Connection, payer: Payer, used: Mapping[tuple[str, str], int]) -> list[Standing]:
    owners = {owner for owner, _ in payer.purses()}
    rows = connection.execute(select(BUDGET).where(BUDGET.c.owner.in_(owners)).order_by(BUDGET.c.owner, BUDGET.c.span))
    return [_standing(row, payer.day, used) for row in rows]


def _standing(row: Any, day: str, used: Mapping[tuple[str, str], int]) -> Standing:
    period = {"day": day, "month": day[:7]}.get(row.span, TOTAL)
    return Standing(row.owner, row.span, period, row.limit_microusd, used.get((row.owner, period), 0))


def _exceeded(connection: Connection, over: list[Standing], amount_microusd: int) -> BudgetExceededError:
    """The error of the budget that is in the way for longest."""
    waits_s = [until_turn_s(connection, each.span) if amount_microusd <= each.limit_microusd else None for each in over]
    wait_s, worst = max(zip(waits_s, over, strict=True), key=lambda pair: inf if pair[0] is None else pair[0])
    before = replace(worst, used_microusd=worst.used_microusd - amount_microusd)
    return _uncovered(before, amount_microusd, retry_after_s=wait_s)


def _uncovered(standing: Standing, amount_microusd: int, *, retry_after_s: float | None = None) -> BudgetExceededError:
    kind, _, name = standing.owner.partition(":")
    period = "" if standing.span == "total" else f" for {standing.period}"
    by_itself = "" if retry_after_s is None else f"It goes on by itself when the {standing.span} is over (UTC). "
    return BudgetExceededError(
        f"The {kind} {name!r} has {usd(standing.left_microusd)} USD left{period}; "
        f"{usd(amount_microusd)} USD are needed.",
        action=f"{by_itself}Raise the budget, and what waits goes on: "
        f"podmill budget set {standing.owner} --{standing.span} AMOUNT",
        retry_after_s=retry_after_s,
        needed_microusd=amount_microusd,
    )


def _warn(connection: Connection, standing: Standing, warned: int) -> None:
    reached = standing.warning
    if reached <= warned:
        return
    connection.execute(update(PURSE).where(_is(standing.owner, standing.period)).values(warned=reached))
    data = {
        "owner": standing.owner,
        "period": standing.period,
        "percent": reached,
        "used_microusd": standing.used_microusd,
        "limit_microusd": standing.limit_microusd,
    }
    connection.execute(EVENT.insert().values(at=now(), kind="budget_warning", data=data))
    log.warning("%s", standing.said)
