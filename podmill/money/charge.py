"""One paid request as the ledger has it: what it is for, how it is closed, and the name a person calls it by."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, select, update

from models.steps import ChargeState
from models.tables import Charge, table
from podmill.money import sums
from podmill.money.prices import MICRO, Price, rounded_microusd
from podmill.offer import StatedCost
from podmill.store.clock import now

CHARGE = table(Charge)

OPEN: Final = (ChargeState.INTENT, ChargeState.IN_DOUBT)
"""States in which a charge holds money."""

ID_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Item:
    """So much of one unit."""

    price: Price
    quantity: float
    used: float = 0.0
    """How much of the month's volume was used before it: see ``podmill.money.usage``."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A request that costs money, before it is made."""

    account: str
    """Who pays."""
    episode_id: str
    step: str
    part: int
    content: str
    """Hash of what is asked for."""
    provider: str
    """Whose request it is; requests of one provider share its limits."""
    items: tuple[Item, ...]
    """What it is expected to be billed for, a unit each; at least one."""
    own: bool = False
    """It is answered by an engine of our own: what that did not deliver was never charged, and is never in doubt."""
    discount_percent: float = 0.0
    """By which its account pays less than the provider takes."""

    @property
    def cost_microusd(self) -> int:
        """What the provider is expected to take."""
        return total_microusd(self.items)

    @property
    def amount_microusd(self) -> int:
        """What its account is expected to pay."""
        return discounted(self.cost_microusd, self.discount_percent)

    @property
    def unit(self) -> str:
        """What the ledger counts it in: the unit of its first item. Of several kinds (``input token``): ``token``."""
        first = self.items[0].price.unit
        return first if len(self._counted(self.items)) == 1 else _kind(first)

    @property
    def quantity(self) -> float:
        """How much of ``unit`` is expected."""
        return sum(item.quantity for item in self._counted(self.items))

    def bill(self, billed: float | Mapping[str, float] | StatedCost, request_id: str | None) -> "Bill":
        """What it cost when so much was billed: a number is of its first unit; a unit not named was not billed."""
        if isinstance(billed, StatedCost):
            return Bill(rounded_microusd(billed.usd * MICRO), self.quantity, request_id)
        counts = billed if isinstance(billed, Mapping) else {self.items[0].price.unit: billed}
        items = tuple(Item(item.price, counts.get(item.price.unit, 0.0), item.used) for item in self.items)
        counted = sum(item.quantity for item in self._counted(items))
        return Bill(total_microusd(items), counted, request_id)

    def _counted(self, items: tuple[Item, ...]) -> list[Item]:
        return [item for item in items if _kind(item.price.unit) == _kind(self.items[0].price.unit)]

    def key(self, attempt: int) -> str:
        return f"{self.account}/{self.episode_id}/{self.step}/{self.part}/{self.content[:32]}/{attempt}"


@dataclass(frozen=True, slots=True)
class Bill:
    """What a request really cost."""

    cost_microusd: int
    """What the provider takes."""
    quantity: float
    request_id: str | None = None
    """The provider's own name for it."""


def total_microusd(items: Iterable[Item]) -> int:
    """Their sum, which is exact; only it is rounded."""
    return rounded_microusd(sum((item.price.exact_microusd(item.quantity, item.used) for item in items), Decimal(0)))


def discounted(cost_microusd: int, percent: float) -> int:
    """What an account pays of a cost."""
    return rounded_microusd(cost_microusd * (100 - Decimal(str(percent))) / 100)


def _kind(unit: str) -> str:
    return unit.rpartition(" ")[2]


def short_id(key: str) -> str:
    """What a person calls a charge."""
    return hashlib.sha256(key.encode()).hexdigest()[:ID_LENGTH]


def locked(connection: Connection, key: str) -> Charge:
    """A charge that nobody else changes before the transaction ends."""
    row = connection.execute(select(CHARGE).where(CHARGE.c.key == key).with_for_update()).mappings().one()
    return Charge(**row)


def settle(
    connection: Connection,
    charge: Charge,
    bill: Bill,
    *,
    reply: dict[str, Any] | None = None,
    reason: str | None = None,
) -> bool:
    """A locked charge was paid for. False: it was settled before, and nothing is changed."""
    if charge.state == ChargeState.SETTLED:
        return False
    amount_microusd = discounted(bill.cost_microusd, charge.discount_percent)
    values = {
        "state": ChargeState.SETTLED,
        "cost_microusd": bill.cost_microusd,
        "amount_microusd": amount_microusd,
        "quantity": bill.quantity,
        "request_id": bill.request_id,
        "reply": reply,
        "reason": reason,
        "settled_at": now(),
    }
    connection.execute(update(CHARGE).where(CHARGE.c.key == charge.key).values(values))
    held = charge.amount_microusd if charge.state in OPEN else 0
    sums.spend(connection, sums.payer_of(charge), held_microusd=held, billed_microusd=amount_microusd)
    return True


def refuse(connection: Connection, charge: Charge, reason: str) -> bool:
    """A locked charge was not paid for. False: it was closed before, and nothing is changed."""
    if charge.state not in OPEN:
        return False
    values = {
        "state": ChargeState.REFUSED,
        "cost_microusd": 0,
        "amount_microusd": 0,
        "reason": reason,
        "settled_at": now(),
    }
    connection.execute(update(CHARGE).where(CHARGE.c.key == charge.key).values(values))
    sums.give_back(connection, sums.payer_of(charge), charge.amount_microusd)
    return True


def doubt(connection: Connection, charge: Charge, reason: str) -> bool:
    """Whether a locked charge was paid for is not known; its money stays held. False: it was no intent any more."""
    if charge.state != ChargeState.INTENT:
        return False
    values = {"state": ChargeState.IN_DOUBT, "reason": reason}
    connection.execute(update(CHARGE).where(CHARGE.c.key == charge.key).values(values))
    return True
