"""One paid request as the ledger has it: what it is for, how it is closed, and the name a person calls it by."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from models.steps import ChargeState
from models.tables import Charge, table
from podmill.money import sums
from podmill.money.prices import Price
from podmill.store.clock import now

CHARGE = table(Charge)

OPEN: Final = (ChargeState.INTENT, ChargeState.IN_DOUBT)
"""States in which a charge holds money."""

ID_LENGTH: Final = 8


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
    price: Price
    quantity: float
    own: bool = False
    """It is answered by an engine of our own: what that did not deliver was never charged, and is never in doubt."""

    @property
    def amount_microusd(self) -> int:
        """What it is expected to cost."""
        return self.price.cost_microusd(self.quantity)

    def key(self, attempt: int) -> str:
        return f"{self.account}/{self.episode_id}/{self.step}/{self.part}/{self.content[:32]}/{attempt}"


@dataclass(frozen=True, slots=True)
class Bill:
    """What a request really cost."""

    amount_microusd: int
    quantity: float
    request_id: str | None = None
    """The provider's own name for it."""


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
    values = {
        "state": ChargeState.SETTLED,
        "amount_microusd": bill.amount_microusd,
        "quantity": bill.quantity,
        "request_id": bill.request_id,
        "reply": reply,
        "reason": reason,
        "settled_at": now(),
    }
    connection.execute(update(CHARGE).where(CHARGE.c.key == charge.key).values(values))
    held = charge.amount_microusd if charge.state in OPEN else 0
    sums.spend(connection, charge.account, charge.episode_id, held_microusd=held, billed_microusd=bill.amount_microusd)
    return True


def refuse(connection: Connection, charge: Charge, reason: str) -> bool:
    """A locked charge was not paid for. False: it was closed before, and nothing is changed."""
    if charge.state not in OPEN:
        return False
    values = {"state": ChargeState.REFUSED, "amount_microusd": 0, "reason": reason, "settled_at": now()}
    connection.execute(update(CHARGE).where(CHARGE.c.key == charge.key).values(values))
    sums.give_back(connection, charge.account, charge.episode_id, charge.amount_microusd)
    return True


def doubt(connection: Connection, charge: Charge, reason: str) -> bool:
    """Whether a locked charge was paid for is not known; its money stays held. False: it was no intent any more."""
    if charge.state != ChargeState.INTENT:
        return False
    values = {"state": ChargeState.IN_DOUBT, "reason": reason}
    connection.execute(update(CHARGE).where(CHARGE.c.key == charge.key).values(values))
    return True
