"""Buying without a ledger, for tests of writers and researchers alone."""

import datetime as dt
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from podmill.money import prices
from podmill.money.charge import Bill, Item, Purchase
from podmill.offer import Answer, Offer

DAY: Final = dt.date(2026, 11, 21)
"""At whose prices tests buy."""


@dataclass(frozen=True)
class Bought:
    """One request that was made."""

    provider: str
    part: int
    content: str
    expected_microusd: int
    bill: Bill


@dataclass
class CashPurchases:
    """Asks at once, and once for each content, as the ledger does. What was kept is what is restored."""

    bought: list[Bought] = field(default_factory=list)
    """In order of their answers."""
    _replies: dict[str, str] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def buy(
        self,
        offer: Offer[Answer],
        *,
        provider: str,
        quantities: Mapping[str, float],
        content: str,
        part: int,
        own: bool = False,
    ) -> Answer:
        known = prices.load()
        items = tuple(Item(known.find(provider, unit, at=DAY), quantity) for unit, quantity in quantities.items())
        wanted = Purchase("default", "e1", "step", part, content, provider, items, own)
        with self._lock:
            reply = self._replies.get(content)
        if reply is not None:
            return offer.restore(json.loads(reply))
        answer = offer.ask()
        receipt = offer.receipt(answer)
        expected = Bill(wanted.cost_microusd, wanted.quantity)
        bill = (
            expected if receipt is None or receipt.billed is None else wanted.bill(receipt.billed, receipt.request_id)
        )
        with self._lock:
            self._replies[content] = json.dumps(offer.keep(answer))
            self.bought.append(Bought(provider, part, content, wanted.amount_microusd, bill))
        return answer

    @property
    def spent_microusd(self) -> int:
        return sum(each.bill.cost_microusd for each in self.bought)
