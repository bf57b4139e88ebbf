"""The ledger held against what a provider says that it billed: both sides, and every difference by its name."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy import Connection, or_, select

from models.steps import ChargeState
from podmill.money.charge import CHARGE
from podmill.money.ledger import OVERLAP_S
from podmill.money.record import Record
from podmill.report.costs_days import by_day
from podmill.report.costs_difference import Difference, Period, day_of, ours, theirs
from podmill.report.costs_requests import by_request
from podmill.report.status import OWED

LISTED: Final = ("key", "created_at", "unit", "quantity", "state", "cost_microusd", "request_id")


class Side(BaseModel):
    """What one of the two counts in the period."""

    requests: int
    """Of a record by day: its lines."""
    quantity: float | None = None
    """None: it does not say, or counts in several units."""
    microusd: int | None = None


class Comparison(BaseModel):
    """What both say of a period, in UTC."""

    provider: str
    source: str
    since: str
    until: str
    """First and last day."""
    by: str
    """What was compared: ``request`` or ``day``."""
    ours: Side
    """Settled and in doubt, at the provider's price."""
    theirs: Side
    agreed: int
    """Requests or days."""
    under_way: int
    """Requests that are being made: they are on neither side."""
    differences: list[Difference]


def compare(connection: Connection, provider: str, record: Record, period: Period) -> Comparison:
    """Request by request where the record names them, else day by day."""
    charges = _charges(connection, provider, period)
    inside = [each for each in charges if period.holds(each.created_at)]
    owed = [each for each in inside if each.state in OWED]
    used = [each for each in record.used if period.holds(each.at)]
    agreed, differences = by_request(charges, record.used, period) if record.by_request else by_day(owed, used)
    if record.elsewhere:
        differences.append(_elsewhere(record))
    here, there = ours(owed), theirs(used)
    return Comparison(
        provider=provider,
        source=record.source,
        since=day_of(period.since),
        until=day_of(period.until - 1),
        by="request" if record.by_request else "day",
        ours=Side(requests=here.requests, quantity=here.quantity, microusd=here.cost_microusd),
        theirs=Side(
            requests=len({each.request_id for each in used}) if record.by_request else len(used),
            quantity=there.quantity,
            microusd=there.cost_microusd,
        ),
        agreed=agreed,
        under_way=sum(each.state == ChargeState.INTENT for each in inside),
        differences=differences,
    )


def providers(connection: Connection) -> list[str]:
    """Who was ever asked for something that costs money."""
    return sorted(connection.scalars(select(CHARGE.c.provider).distinct()))


def _charges(connection: Connection, provider: str, period: Period) -> Sequence[Any]:
    """Those of the period, and of the hour around it: the provider may have written one down on its other side."""
    column = CHARGE.c.provider
    return connection.execute(
        select(*(CHARGE.c[name] for name in LISTED))
        .where(or_(column == provider, column.startswith(f"{provider}:", autoescape=True)))
        .where(CHARGE.c.created_at >= period.since - OVERLAP_S, CHARGE.c.created_at < period.until + OVERLAP_S)
        .order_by(CHARGE.c.created_at, CHARGE.c.key)
    ).all()


def _elsewhere(record: Record) -> Difference:
    return Difference(
        kind="elsewhere",
        name="count",
        theirs_quantity=record.elsewhere,
        says=f"Of their own count, {record.counted or 0:,.10g}, {record.elsewhere:,.10g} are not in {record.source}.",
        action="Entries were deleted there, or something is made now: compare again, then look at their usage page.",
    )
