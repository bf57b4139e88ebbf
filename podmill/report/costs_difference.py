"""A difference between the ledger and a provider's record: its name, both sides, and what to do."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from pydantic import BaseModel

from podmill.money.record import Used
from podmill.report.costs_table import dollars

SAME: Final = 1e-6
"""Share by which quantities may differ that are the same."""
ROUNDED_MICROUSD: Final = 0.5
"""By which the cost of each charge may be off, because it is a whole number."""

Kind = Literal[
    "unknown_here", "unknown_there", "doubt_billed", "doubt_not_billed", "refused_billed", "amount", "elsewhere"
]
NAMES: Final[dict[Kind, str]] = {
    "unknown_here": "theirs, not ours",
    "unknown_there": "ours, not theirs",
    "doubt_billed": "in doubt, billed",
    "doubt_not_billed": "in doubt, not billed",
    "refused_billed": "refused, but billed",
    "amount": "amounts differ",
    "elsewhere": "used elsewhere",
}
"""As people read them."""


class Difference(BaseModel):
    """One thing that they and we do not agree on."""

    kind: Kind
    name: str
    """The provider's id of the request, or a day; empty where neither is known."""
    charges: list[str] = []
    """What a person calls the charges."""
    ours_quantity: float | None = None
    theirs_quantity: float | None = None
    ours_microusd: int | None = None
    theirs_microusd: int | None = None
    says: str
    action: str


@dataclass(frozen=True, slots=True)
class Period:
    """From a time to another, in seconds since 1970; the last is not in it."""

    since: float
    until: float

    def holds(self, at: float) -> bool:
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Ours:
    """What charges come to."""

    requests: int
    quantity: float | None
    """None: they are counted in several units."""
    cost_microusd: int


def ours(charges: Sequence[Any]) -> Ours:
    is_one_unit = len({each.unit for each in charges}) <= 1
    return Ours(
        len(charges),
        sum(each.quantity for each in charges) if is_one_unit else None,
        sum(each.cost_microusd for each in charges),
    )


def theirs(used: Sequence[Used]) -> Used:
    """Their sum, with the time and the name of the first."""
    quantities = [each.quantity for each in used if each.quantity is not None]
    costs = [each.cost_microusd for each in used if each.cost_microusd is not None]
    return replace(
        used[0] if used else Used(at=0.0),
        quantity=sum(quantities) if quantities else None,
        cost_microusd=sum(costs) if costs else None,
        slack_microusd=sum(each.slack_microusd for each in used),
    )


def unlike(here: Ours, there: Used) -> str | None:
    """How they differ; None where they do not."""
    parts = []
    if there.quantity is not None and here.quantity is not None and not is_same(here.quantity, there.quantity):
        parts.append(f"they count {there.quantity:,.10g}, here it is {here.quantity:,.10g}")
    if there.cost_microusd is not None:
        slack = there.slack_microusd + ROUNDED_MICROUSD * here.requests
        if abs(here.cost_microusd - there.cost_microusd) > slack:
            parts.append(f"they took {dollars(there.cost_microusd)}, here it is {dollars(here.cost_microusd)}")
    return "; ".join(parts) or None


def is_same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(abs(one), abs(other))


def day_of(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d}"
