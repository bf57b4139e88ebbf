"""The ledger held against what a provider says that it billed: every difference by its name."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from pydantic import BaseModel
from sqlalchemy import Connection, or_, select

from models.steps import ChargeState
from models.tables import Charge, table
from podmill.money.charge import short_id
from podmill.money.ledger import OVERLAP_S
from podmill.money.record import Record, Used
from podmill.report.costs_table import dollars
from podmill.report.status import OWED

CHARGE = table(Charge)
LISTED: Final = ("key", "created_at", "settled_at", "unit", "quantity", "state", "cost_microusd", "request_id")
CLOCKS_S: Final = 60.0
"""How far the provider's clock may be from ours."""
SAME: Final = 1e-6
"""Share by which quantities may differ that are the same."""

Kind = Literal[
    "unknown_here", "unknown_there", "doubt_billed", "doubt_not_billed", "refused_billed", "amount", "elsewhere"
]


class Difference(BaseModel):
    """One thing that they and we do not agree on."""

    kind: Kind
    name: str
    """The provider's id of the request, or a day."""
    charge: str | None = None
    """What a person calls the charge."""
    ours_quantity: float | None = None
    theirs_quantity: float | None = None
    ours_microusd: int | None = None
    theirs_microusd: int | None = None
    says: str
    action: str = ""


class Side(BaseModel):
    """What one of the two counts in the period."""

    requests: int = 0
    """Of a file by day: its lines."""
    quantity: float | None = None
    microusd: int | None = None


class Comparison(BaseModel):
    provider: str
    source: str
    since: str
    until: str
    """First and last day, in UTC."""
    ours: Side
    """Settled and in doubt, at the provider's price."""
    theirs: Side
    agreed: int
    """Requests or days."""
    under_way: int
    """Requests that are being made: they are on neither side."""
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class Period:
    """From a time to another, in seconds since 1970; the last is not in it."""

    since: float
    until: float

    def holds(self, at: float | None) -> bool:
        return at is None or self.since <= at < self.until


def compare(connection: Connection, provider: str, record: Record, period: Period) -> Comparison:
    """Request by request where the record names them, else day by day, else as a whole."""
    charges = _charges(connection, provider, period)
    inside = [each for each in charges if period.holds(each.created_at)]
    owed = [each for each in inside if each.state in OWED]
    there = [each for each in record.used if period.holds(each.at)]
    named = any(each.request_id for each in record.used)
    agreed, differences = _by_request(charges, record.used, period) if named or not there else _by_day(owed, there)
    if record.elsewhere:
        differences.append(_elsewhere(record))
    return Comparison(
        provider=provider,
        source=record.source,
        since=day_of(period.since),
        until=day_of(period.until - 1),
        ours=Side(
            requests=len(owed),
            quantity=sum(each.quantity for each in owed) if len({each.unit for each in owed}) == 1 else None,
            microusd=sum(each.cost_microusd for each in owed),
        ),
        theirs=Side(
            requests=len(_merged(there)) if named else len(there),
            quantity=_total(each.quantity for each in there),
            microusd=_total_microusd(there),
        ),
        agreed=agreed,
        under_way=sum(each.state == ChargeState.INTENT for each in inside),
        differences=differences,
    )


def day_of(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d}"


def _charges(connection: Connection, provider: str, period: Period) -> Sequence[Any]:
    """Those of the period, and of the hour around it: the provider may have written one down on its other side."""
    column = CHARGE.c.provider
    return connection.execute(
        select(*(CHARGE.c[name] for name in LISTED))
        .where(or_(column == provider, column.startswith(f"{provider}:", autoescape=True)))
        .where(CHARGE.c.created_at >= period.since - OVERLAP_S, CHARGE.c.created_at < period.until + OVERLAP_S)
        .order_by(CHARGE.c.created_at, CHARGE.c.key)
    ).all()


@dataclass(slots=True)
class _Matching:
    period: Period
    left: dict[str, Used]
    """What no charge has been found for."""
    agreed: int = 0
    differences: list[Difference] = field(default_factory=list)

    def named(self, charge: Any) -> None:
        """A charge whose request the record names."""
        used = self.left.pop(charge.request_id)
        if charge.state == ChargeState.REFUSED:
            says = f"They billed request {used.request_id}; here it counts as refused."
            self._add("refused_billed", charge, used, says, "Look it up there; the ledger does not count it.")
        elif (wrong := _unlike(charge, used)) is not None:
            self._add("amount", charge, used, f"Request {used.request_id}: {wrong}.")
        else:
            self.agreed += self.period.holds(charge.created_at)

    def unnamed(self, charge: Any) -> None:
        """A charge without the provider's id, which may be an entry of about that time."""
        used = self._likely(charge)
        name = short_id(charge.key)
        if used is not None and used.request_id is not None:
            del self.left[used.request_id]
        if charge.state == ChargeState.INTENT:
            return
        if charge.state == ChargeState.IN_DOUBT and used is None:
            says = f"Charge {name} is in doubt, and they billed nothing of the kind about then."
            self._add("doubt_not_billed", charge, None, says, f"podmill charges refuse {name}")
        elif charge.state == ChargeState.IN_DOUBT:
            says = f"Charge {name} is in doubt; they billed request {used and used.request_id} about then."
            self._add("doubt_billed", charge, used, says, f"podmill charges settle {name}")
        elif used is None:
            self.missing(charge)
        else:
            self.agreed += self.period.holds(charge.created_at)

    def missing(self, charge: Any) -> None:
        says = f"Charge {short_id(charge.key)} (request {charge.request_id or 'without an id'}) is not in their record."
        self._add("unknown_there", charge, None, says, "It may be deleted there, or the record ends before it.")

    def rest(self) -> None:
        for used in self.left.values():
            if self.period.holds(used.at):
                when = "" if used.at is None else f" of {dt.datetime.fromtimestamp(used.at, dt.UTC):%Y-%m-%d %H:%M} UTC"
                says = f"They billed request {used.request_id}{when}; nothing here asked for it."
                self._add("unknown_here", None, used, says, "Something else uses the same account, or key.")

    def _likely(self, charge: Any) -> Used | None:
        ends = (charge.settled_at or charge.created_at) + OVERLAP_S
        found = [
            each
            for each in self.left.values()
            if each.at is not None
            and charge.created_at - CLOCKS_S <= each.at <= ends
            and (each.quantity is None or each.quantity <= charge.quantity * (1 + SAME))
        ]
        return min(
            found, key=lambda each: (charge.quantity - (each.quantity or 0), each.at, each.request_id), default=None
        )

    def _add(self, kind: Kind, charge: Any, used: Used | None, says: str, action: str = "") -> None:
        if charge is not None and not self.period.holds(charge.created_at):
            return
        self.differences.append(
            Difference(
                kind=kind,
                name=(used.request_id if used else charge.request_id) or "",
                charge=None if charge is None else short_id(charge.key),
                ours_quantity=None if charge is None else charge.quantity,
                ours_microusd=None if charge is None else charge.cost_microusd,
                theirs_quantity=used.quantity if used else None,
                theirs_microusd=used.cost_microusd if used else None,
                says=says,
                action=action,
            )
        )


def _by_request(charges: Sequence[Any], used: Iterable[Used], period: Period) -> tuple[int, list[Difference]]:
    matching = _Matching(period, _merged(used))
    unnamed = []
    for charge in charges:
        if charge.request_id in matching.left:
            matching.named(charge)
        elif charge.request_id is not None and charge.state == ChargeState.SETTLED:
            matching.missing(charge)
        elif charge.state != ChargeState.REFUSED:
            unnamed.append(charge)
    order = (ChargeState.SETTLED, ChargeState.IN_DOUBT, ChargeState.INTENT)
    for charge in sorted(unnamed, key=lambda each: order.index(each.state)):
        matching.unnamed(charge)
    matching.rest()
    return matching.agreed, matching.differences


def _by_day(charges: Sequence[Any], used: Sequence[Used]) -> tuple[int, list[Difference]]:
    """Sums of each day, or of all days together where the record names none."""
    dated = all(each.at is not None for each in used)
    ours: dict[str, list[Any]] = defaultdict(list)
    theirs: dict[str, list[Used]] = defaultdict(list)
    for charge in charges:
        ours[day_of(charge.created_at) if dated else "all"].append(charge)
    for each in used:
        theirs[day_of(each.at) if each.at is not None and dated else "all"].append(each)
    agreed, differences = 0, []
    for day in sorted({*ours, *theirs}):
        quantity = sum(charge.quantity for charge in ours[day])
        microusd = sum(charge.cost_microusd for charge in ours[day])
        there = _sum(theirs[day])
        wrong = _unlike(_Sums(quantity, microusd), there)
        if wrong is None:
            agreed += 1
            continue
        when = "Altogether" if day == "all" else day
        differences.append(
            Difference(
                kind="amount",
                name=day,
                ours_quantity=quantity,
                theirs_quantity=there.quantity,
                ours_microusd=microusd,
                theirs_microusd=there.cost_microusd,
                says=f"{when}: {wrong}.",
            )
        )
    return agreed, differences


@dataclass(frozen=True, slots=True)
class _Sums:
    quantity: float
    cost_microusd: int


def _unlike(ours: Any, theirs: Used) -> str | None:
    """How they differ; None where they do not."""
    parts = []
    if theirs.quantity is not None and abs(ours.quantity - theirs.quantity) > SAME * max(abs(theirs.quantity), 1):
        parts.append(f"they count {theirs.quantity:,.10g}, here it is {ours.quantity:,.10g}")
    if theirs.cost_microusd is not None and abs(ours.cost_microusd - theirs.cost_microusd) > theirs.slack_microusd:
        parts.append(f"they took {dollars(theirs.cost_microusd)}, here it is {dollars(ours.cost_microusd)}")
    return "; ".join(parts) or None


def _merged(used: Iterable[Used]) -> dict[str, Used]:
    """By request: a record may have a line for each thing that it billed of one."""
    lines: dict[str, list[Used]] = defaultdict(list)
    for each in used:
        if each.request_id:
            lines[each.request_id].append(each)
    return {name: _sum(each) for name, each in lines.items()}


def _sum(used: Sequence[Used]) -> Used:
    if not used:
        return Used(quantity=0.0, cost_microusd=0)
    slack = sum(each.slack_microusd for each in used)
    return replace(
        used[0],
        quantity=_total(each.quantity for each in used),
        cost_microusd=_total_microusd(used),
        slack_microusd=slack,
    )


def _total(amounts: Iterable[float | None]) -> float | None:
    known = [each for each in amounts if each is not None]
    return sum(known) if known else None


def _total_microusd(used: Iterable[Used]) -> int | None:
    known = [each.cost_microusd for each in used if each.cost_microusd is not None]
    return sum(known) if known else None


def _elsewhere(record: Record) -> Difference:
    says = f"Their own count, {record.counted or 0:,.10g}, has {record.elsewhere:,.10g} that is not in {record.source}."
    return Difference(
        kind="elsewhere",
        name="count",
        theirs_quantity=record.elsewhere,
        says=says,
        action="Another use of the account, entries deleted there, or a request that is being made.",
    )
