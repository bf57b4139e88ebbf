"""The price list: what a unit of each provider costs, from when to when, and beyond which volume it costs another."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from podmill.errors import PriceUnknownError
from podmill.money import entries
from podmill.money.entries import Entry

MICRO = Decimal(1_000_000)
USD: Final = "USD"
KINDS: Final = ("price", "rate")

COUNTED: Final = ("character", "search")
"""First words of the units that the ledger counts by themselves, so that it can tell when a volume is reached. Tokens
it counts together, in and out and of all models of a provider."""


class VolumeStep(BaseModel):
    """The price of what is used beyond a volume."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    above: Decimal = Field(gt=0, alias="from")
    """Units that this installation has used of the provider in a calendar month, in UTC, before this price holds."""
    usd: Decimal = Field(ge=0)
    """For as many units as the price itself is."""


class Price(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    usd: Decimal = Field(ge=0)
    """For ``per`` units."""
    per: int = Field(default=1, ge=1)
    currency: str = Field(default=USD, pattern="^[A-Z]{3}$")
    """In which the provider states it."""
    steps: tuple[VolumeStep, ...] = ()
    """By volume, ascending."""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    """The last day on which it holds. Days are those of UTC."""
    source: str
    date: dt.date
    """When the price was looked up."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_to: it is before valid_from")
        if any(low.above >= high.above for low, high in pairwise(self.steps)):
            raise ValueError("steps: each must begin at more than the one before")
        if self.steps and (":" in self.provider or self.unit.partition(" ")[0] not in COUNTED):
            raise ValueError("steps: only characters and searches are counted by volume")
        return self

    def cost_microusd(self, quantity: float, used: float = 0.0) -> int:
        """Micro-dollars for a quantity, rounded to the nearest.

        Args:
            used: how much was used of this month's volume before.
        """
        return rounded_microusd(self.exact_microusd(quantity, used))

    def exact_microusd(self, quantity: float, used: float = 0.0) -> Decimal:
        """Micro-dollars for a quantity, with all their decimals: each unit of it at the price of its volume."""
        first = Decimal(str(used))
        last = first + Decimal(str(quantity))
        bounds = (Decimal(0), *(step.above for step in self.steps), Decimal("Infinity"))
        prices = (self.usd, *(step.usd for step in self.steps))
        exact = Decimal(0)
        for price, (low, high) in zip(prices, pairwise(bounds), strict=True):
            exact += price * max(min(last, high) - max(first, low), Decimal(0))
        return exact * MICRO / self.per

    def holds_on(self, day: dt.date) -> bool:
        return (self.valid_from or dt.date.min) <= day <= (self.valid_to or dt.date.max)

    def overlaps(self, other: "Price") -> bool:
        """Whether there is a day on which both hold."""
        latest_first = max(self.valid_from or dt.date.min, other.valid_from or dt.date.min)
        return latest_first <= min(self.valid_to or dt.date.max, other.valid_to or dt.date.max)


class Rate(BaseModel):
    """What one unit of a currency is worth."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field(pattern="^[A-Z]{3}$")
    usd: Decimal = Field(gt=0)
    source: str
    date: dt.date


def rounded_microusd(exact: Decimal) -> int:
    """Whole micro-dollars, to the nearest."""
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class PriceList:
    """Prices by provider, unit and day."""

    def __init__(self, prices: Iterable[Price]) -> None:
        self._prices: dict[tuple[str, str], list[Price]] = defaultdict(list)
        for price in prices:
            self._prices[price.provider, price.unit].append(price)

    def find(self, provider: str, unit: str, *, at: dt.date | None = None) -> Price:
        """The price of one unit.

        Args:
            at: a day in UTC; today unless given.

        Raises:
            PriceUnknownError: there is none, or none that holds then; nothing is free by default.
        """
        day = at or dt.datetime.now(dt.UTC).date()
        known = self._prices.get((provider, unit), [])
        for price in known:
            if price.holds_on(day):
                return price
        if known:
            raise PriceUnknownError(
                f"No price of one {unit} for {provider!r} holds on {day}: {', '.join(map(_validity, known))}.",
                action="Add the price that holds to the file named by PODMILL_PRICES_FILE.",
            )
        raise PriceUnknownError(
            f"There is no price of one {unit} for {provider!r}.",
            action="If that name is right, add its price to the file named by PODMILL_PRICES_FILE.",
        )

    def __len__(self) -> int:
        return sum(map(len, self._prices.values()))


def load(own: Path | None = None) -> PriceList:
    """The built-in list, replaced and added to by the operator's own: whose entries for a provider and a unit take the
    place of all that are built in for them.

    Raises:
        ConfigurationError: the operator's file is missing or not a price list.
    """
    known = entries.built_in("prices.toml", KINDS)
    stated = entries.own(own, KINDS, setting="PODMILL_PRICES_FILE")
    rates = _rates(known["rate"]) | _rates(stated["rate"])
    mine = _prices(stated["price"], rates)
    replaced = {(price.provider, price.unit) for price in mine}
    built_in = [price for price in _prices(known["price"], rates) if (price.provider, price.unit) not in replaced]
    return PriceList([*built_in, *mine])


def _rates(stated: Sequence[Entry]) -> dict[str, Decimal]:
    """US dollars for one unit of each currency."""
    rates: dict[str, Decimal] = {}

    def read(entry: Entry) -> None:
        rate = entry.checked(Rate)
        if rate.currency in rates or rate.currency == USD:
            raise entry.refused("currency: it has a rate already")
        rates[rate.currency] = rate.usd

    entries.every(stated, read)
    return rates


def _prices(stated: Sequence[Entry], rates: Mapping[str, Decimal]) -> list[Price]:
    by_unit: dict[tuple[str, str], list[tuple[Entry, Price]]] = defaultdict(list)

    def read(entry: Entry) -> Price:
        price = Entry(entry.place, _in_usd(entry, rates)).checked(Price)
        others = by_unit[price.provider, price.unit]
        for other, earlier in others:
            if price.overlaps(earlier):
                raise entry.refused(
                    f"valid_from: it holds on days on which {other.name} does",
                    action="Say until when the older one holds: valid_to",
                )
        others.append((entry, price))
        return price

    return entries.every(stated, read)


def _in_usd(entry: Entry, rates: Mapping[str, Decimal]) -> dict[str, Any]:
    """The fields of a price, with every ``amount`` in its currency as ``usd``."""
    currency = entry.row.get("currency", USD)
    if currency == USD:
        return entry.row
    if currency not in rates:
        raise entry.refused(
            f"currency: there is no [[rate]] of {currency!r}",
            action="Add one, with currency, usd (what one unit is worth), source and date.",
        )

    def dollars(stated: Mapping[str, Any]) -> dict[str, Any]:
        if "amount" not in stated or "usd" in stated:
            raise entry.refused(f"amount: in {currency}, it is stated instead of usd")
        try:
            usd = Decimal(str(stated["amount"])) * rates[currency]
        except InvalidOperation:
            raise entry.refused(f"amount: {stated['amount']!r} is not a number") from None
        return {**{name: value for name, value in stated.items() if name != "amount"}, "usd": usd}

    steps = entry.row.get("steps", [])
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return entry.row
    return dollars(entry.row) | {"steps": [dollars(step) for step in steps]}


def _validity(price: Price) -> str:
    first, last = price.valid_from, price.valid_to
    return " ".join([*([f"from {first}"] if first else []), *([f"to {last}"] if last else [])])
