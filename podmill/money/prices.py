"""The price list."""

import datetime as dt
import tomllib
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from podmill.errors import ConfigurationError, PriceUnknownError

MICRO = Decimal(1_000_000)


class Price(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    unit: str
    usd: Decimal = Field(ge=0)
    """For ``per`` units."""
    per: int = Field(default=1, ge=1)
    source: str
    date: dt.date
    """When the price was looked up."""

    def cost_microusd(self, quantity: float) -> int:
        """Micro-dollars for a quantity, rounded to the nearest."""
        return rounded_microusd(self.exact_microusd(quantity))

    def exact_microusd(self, quantity: float) -> Decimal:
        """Micro-dollars for a quantity, with all their decimals."""
        return self.usd * Decimal(str(quantity)) * MICRO / self.per


def rounded_microusd(exact: Decimal) -> int:
    """Whole micro-dollars, to the nearest."""
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class PriceList:
    """Prices by provider and unit."""

    def __init__(self, prices: list[Price]) -> None:
        self._prices = {(price.provider, price.unit): price for price in prices}

    def find(self, provider: str, unit: str) -> Price:
        """The price of one unit.

        Raises:
            PriceUnknownError: there is none; nothing is free by default.
        """
        try:
            return self._prices[provider, unit]
        except KeyError:
            raise PriceUnknownError(
                f"There is no price of one {unit} for {provider!r}.",
                action="If that name is right, add its price to the file named by PODMILL_PRICES_FILE.",
            ) from None


def load(own: Path | None = None) -> PriceList:
    """The built-in list, replaced and added to by the operator's own.

    Raises:
        ConfigurationError: the operator's file is missing or not a price list.
    """
    prices = _read(files("podmill.money").joinpath("prices.toml").read_text(encoding="utf-8"), "prices.toml")
    if own is None:
        return PriceList(prices)
    try:
        text = own.read_text(encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(f"{own}: {exc.strerror}.", action="Correct or unset PODMILL_PRICES_FILE.") from exc
    return PriceList([*prices, *_read(text, str(own))])


def _read(text: str, name: str) -> list[Price]:
    try:
        return [Price(**entry) for entry in tomllib.loads(text).get("price", [])]
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{name}: not valid TOML: {exc}.") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        raise ConfigurationError(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from exc
