"""A provider in this process that counts what it makes and charges, and steps that buy from it."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, func, insert, select, update

from models.brief import Brief
from models.steps import ChargeState, StepState
from models.tables import StepRun, table
from pipelines import episode as episodes
from podmill.errors import InDoubtError, StoreError
from podmill.money import purses
from podmill.money.charge import CHARGE, OPEN, Item, Purchase
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.money.prices import Price
from podmill.money.purchase import Counter as BuyingCounter
from podmill.money.purchase import Policy
from podmill.money.sums import ACCOUNT, RESERVATION, payer_of
from podmill.offer import Receipt
from podmill.store.clock import now
from podmill.store.database import reading, transaction

STEP_RUN = table(StepRun)
PRICE = Price(provider="elsewhere", unit="character", usd=Decimal("0.001"), source="test", date="2026-01-01")
LEASE_S = 30.0
RECORD_AFTER_S = 60.0


@dataclass(frozen=True)
class Made:
    """One request that a provider made."""

    content: str
    request_id: str | None
    billed: float | None = None
    at_once: int | None = None
    at_once_max: int | None = None


@dataclass
class Provider:
    """Makes what it is asked for. ``faults`` come first, one for each request: an exception, or what to do instead."""

    made: list[Made] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    faults: list[str | Exception] = field(default_factory=list)
    kept: dict[str, Made] = field(default_factory=dict)
    """The store of replies."""
    billed: float | None = None

    def billed_for(self, content: str) -> int:
        return sum(each.content == content for each in self.made)


class Offer:
    """One request to the provider."""

    def __init__(self, provider: Provider, content: str, *, record_after_s: float | None = RECORD_AFTER_S) -> None:
        self.provider = provider
        self.content = content
        self.record_after_s = record_after_s

    def ask(self) -> Made:
        self.provider.asked[self.content] += 1
        fault = self.provider.faults.pop(0) if self.provider.faults else None
        if isinstance(fault, Exception):
            raise fault
        if fault == "lost":
            raise InDoubtError("The connection broke on the way there.")
        made = Made(self.content, uuid4().hex, self.provider.billed)
        self.provider.made.append(made)
        if fault == "drop":
            raise InDoubtError("The connection broke on the way back.")
        return made

    def receipt(self, answer: Made) -> Receipt:
        return answer

    def keep(self, answer: Made) -> dict[str, Any]:
        self.provider.kept[str(answer.request_id)] = answer
        return json.loads(json.dumps({"request": answer.request_id}))

    def restore(self, reply: dict[str, Any]) -> Made:
        try:
            return self.provider.kept[reply["request"]]
        except KeyError:
            raise StoreError("The store does not hold it.") from None

    def find(self, since: float, taken: Callable[[str], bool]) -> Made | None:
        assert since > 0
        return next((m for m in self.provider.made if m.content == self.content and not taken(str(m.request_id))), None)


class Slots:
    """Counts the slots that were taken, and what left them."""

    def __init__(self) -> None:
        self.taken = 0
        self.told: list[tuple[int | None, int | None]] = []
        self.left_by: list[type[BaseException] | None] = []

    def answered(self) -> None:
        """The limiter's own: a slot that may be taken again before it is left."""

    def tell(self, *, at_once: int | None, at_once_max: int | None) -> None:
        self.told.append((at_once, at_once_max))

    @contextmanager
    def slot(self) -> Any:
        self.taken += 1
        try:
            yield self
        except BaseException as exc:
            self.left_by.append(type(exc))
            raise
        self.left_by.append(None)


def make_episode(engine: Engine, show: str, key: str) -> str:
    with transaction(engine) as connection:
        made, _ = episodes.make(connection, key=key, brief=Brief(show=show), title=key, account="default")
    return made


def claim(engine: Engine, episode_id: str, step: str = "synthesis", lease_s: float = LEASE_S) -> Fence:
    """Take a step, whoever had it: the fence of its new owner."""
    token = uuid4().hex
    held = {"state": StepState.RUNNING, "lease_token": token, "lease_expires_at": now() + lease_s}
    mine = (STEP_RUN.c.episode_id == episode_id, STEP_RUN.c.step == step)
    fresh = {"episode_id": episode_id, "step": step, "round": 0, "attempt": 1, "failures": 0, "lost_leases": 0}
    with transaction(engine) as connection:
        if connection.execute(update(STEP_RUN).where(*mine).values(**held)).rowcount == 0:
            connection.execute(insert(STEP_RUN).values(**fresh, **held, due_at=now(), busy_s=0.0))
    return Fence(episode_id, step, token, lease_s)


def purchase(episode_id: str, content: str = "words", quantity: float = 1000, *, own: bool = False) -> Purchase:
    """A thousand characters cost one dollar."""
    items = (Item(PRICE, quantity),)
    return Purchase("default", episode_id, "synthesis", 0, content, "elsewhere", items, own)


def counter(ledger: Ledger, fence: Fence, *, policy: Policy = "recover", slots: Slots | None = None) -> BuyingCounter:
    return BuyingCounter(ledger, fence, (slots or Slots()).slot, policy)


def set_budget(engine: Engine, budget_microusd: int | None) -> None:
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "total", budget_microusd)


def charges(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(CHARGE).order_by(CHARGE.c.created_at, CHARGE.c.attempt)))


def states(engine: Engine) -> list[str]:
    return [row.state for row in charges(engine)]


def grow_older(engine: Engine, seconds: float) -> None:
    """Time passes for every charge."""
    with transaction(engine) as connection:
        connection.execute(update(CHARGE).values(created_at=CHARGE.c.created_at - seconds))


def account(engine: Engine) -> Any:
    with reading(engine) as connection:
        return connection.execute(select(ACCOUNT)).one()


def check_sums(engine: Engine) -> None:
    """Spent is what was settled; reserved is what reservations and open charges hold; together within the budget."""
    with reading(engine) as connection:
        row = connection.execute(select(ACCOUNT)).one()

        def total(column: Any, *which: Any) -> int:
            return int(connection.scalar(select(func.coalesce(func.sum(column), 0)).where(*which)) or 0)

        spent = total(CHARGE.c.amount_microusd, CHARGE.c.state == ChargeState.SETTLED)
        held = total(RESERVATION.c.amount_microusd, RESERVATION.c.open)
        closed = total(RESERVATION.c.amount_microusd, ~RESERVATION.c.open)
        opened = total(CHARGE.c.amount_microusd, CHARGE.c.state.in_(OPEN))
        refused = total(CHARGE.c.amount_microusd, CHARGE.c.state == ChargeState.REFUSED)
        low = connection.scalar(select(func.min(RESERVATION.c.amount_microusd)))
    assert (row.spent_microusd, row.reserved_microusd) == (spent, held + opened)
    assert (closed, refused) == (0, 0)
    assert low is None or low >= 0
    _check_purses(engine)


def _check_purses(engine: Engine) -> None:
    """Each purse holds what the rows of its owner and its period do, within its budgets."""
    expected: Counter[tuple[str, str]] = Counter()
    with reading(engine) as connection:
        for whose in (CHARGE, RESERVATION):
            for row in connection.execute(select(whose)):
                for purse in payer_of(row).purses():
                    expected[purse] += row.amount_microusd
        rows = list(connection.execute(select(purses.PURSE)))
        limits = {(row.owner, row.span): row.limit_microusd for row in connection.execute(select(purses.BUDGET))}
    assert {(row.owner, row.period): row.used_microusd for row in rows if row.used_microusd} == {
        purse: amount for purse, amount in expected.items() if amount
    }
    for row in rows:
        span = {10: "day", 7: "month"}.get(len(row.period), "total")
        assert row.used_microusd <= limits.get(
            (row.owner, "total" if row.period == "total" else span), row.used_microusd
        )
