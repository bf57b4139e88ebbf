"""The price list: what one unit of each provider costs, from when to when, and from how many on it costs less."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final, Self, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from podmill.errors import ConfigurationError, PriceUnknownError
from podmill.money import entries

MICRO = Decimal(1_000_000)
USD: Final = "USD"
FILE: Final = "prices.toml"
SETTING: Final = "PODMILL_PRICES_FILE"

COUNTED: Final = ("character", "search")
"""First words of units that the ledger counts by themselves, so that it can tell when a volume step is reached. Tokens
are counted together, in and out and of all models of a provider."""


class Step(BaseModel):
    """A lower price, or a higher one, for what is used beyond a volume."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    above: Decimal = Field(gt=0, alias="from")
    """Units of a calendar month, in UTC, that this installation has used of the provider before this price holds."""
    usd: Decimal = Field(ge=0)
    """For ``per`` units, as the price that it takes the place of."""


class Price(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    usd: Decimal = Field(ge=0)
    """For ``per`` units."""
    per: int = Field(default=1, ge=1)
    currency: str = USD
    """In which the provider states it; here it is in US dollars."""
    steps: tuple[Step, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    """The last day on which it holds, in UTC."""
    source: str
    date: dt.date
    """When the price was looked up."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_to: is before valid_from")
        volumes = [step.above for step in self.steps]
        if volumes != sorted(set(volumes)):
            raise ValueError("steps: each must begin at more than the one before")
        if self.steps and (":" in self.provider or self.unit.partition(" ")[0] not in COUNTED):
            raise ValueError("steps: the ledger counts characters and searches only, by provider")
        return self

    def cost_microusd(self, quantity: float, used: float = 0.0) -> int:
        """Micro-dollars for a quantity, rounded to the nearest.

        Args:
            used: how much of the month's volume was used before.
        """
        return rounded_microusd(self.exact_microusd(quantity, used))

    def exact_microusd(self, quantity: float, used: float = 0.0) -> Decimal:
        """Micro-dollars for a quantity, with all their decimals: each part of it at the price of its step."""
        begin = Decimal(str(used))
        end = begin + Decimal(str(quantity))
        bounds = [Decimal(0), *(step.above for step in self.steps), max(end, *(step.above for step in self.steps), end)]
        prices = [self.usd, *(step.usd for step in self.steps)]
        exact = sum(
            (
                price * max(min(end, high) - max(begin, low), Decimal(0))
                for price, low, high in zip(prices, bounds, bounds[1:], strict=False)
            ),
            Decimal(0),
        )
        return exact * MICRO / self.per

    def holds(self, day: dt.date) -> bool:
        return (self.valid_from or dt.date.min) <= day <= (self.valid_to or dt.date.max)


class _Rate(BaseModel):
    """What one unit of a currency is worth."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field(pattern="^[A-Z]{3}$")
    usd: Decimal = Field(gt=0)
    source: str
    date: dt.date


class _Entry(BaseModel):
    """A price as a file has it: in dollars (``usd``), or in another currency (``amount``)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    currency: str = Field(default=USD, pattern="^[A-Z]{3}$")

    def price(self, rates: dict[str, Decimal]) -> Price:
        """It in dollars.

        Raises:
            ValueError: a field is not usable, or there is no rate of its currency.
        """
        raw = dict(self.model_extra or {})
        if self.currency == USD:
            return Price.model_validate(raw)
        if self.currency not in rates:
            raise ValueError(f"currency: there is no [[rate]] of {self.currency}")
        rate = rates[self.currency]
        raw |= _in_usd(raw, rate)
        raw["steps"] = [_in_usd(step, rate) for step in raw.get("steps", [])]
        return Price.model_validate(raw | {"currency": self.currency})


def _in_usd(raw: dict[str, Any], rate: Decimal) -> dict[str, Any]:
    del raw, rate
    raise NotImplementedError


def rounded_microusd(exact: Decimal) -> int:
    """Whole micro-dollars, to the nearest."""
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
