"""Every price that is missing, not only the first."""

import datetime as dt
from decimal import Decimal

from podmill.errors import PriceUnknownError
from podmill.money.prices import Price, PriceList


class Noting(PriceList):
    """A price list that notes what it lacks, and takes it as free: what it prices must not be paid for then."""

    def __init__(self, prices: PriceList) -> None:
        super().__init__(())
        self._inner = prices
        self._unknown: dict[str, PriceUnknownError] = {}

    def find(self, provider: str, unit: str, *, at: dt.date | None = None) -> Price:
        try:
            return self._inner.find(provider, unit, at=at)
        except PriceUnknownError as exc:
            self._unknown[exc.message] = exc
            day = at or dt.datetime.now(dt.UTC).date()
            return Price(provider=provider, unit=unit, usd=Decimal(0), source="unknown", date=day)

    def taken(self) -> list[PriceUnknownError]:
        """What was lacking since this was asked last."""
        unknown = list(self._unknown.values())
        self._unknown.clear()
        return unknown
