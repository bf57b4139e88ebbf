"""Every price that is missing, not only the first."""

import datetime as dt
import logging
from decimal import Decimal

from models.brief import Brief
from podmill.errors import PodmillError, PriceUnknownError
from podmill.forecasting import Forecaster
from podmill.money.prices import Price, PriceList
from podmill.settings import Settings

log = logging.getLogger(__name__)


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


def unpriced(settings: Settings, prices: PriceList) -> list[PriceUnknownError]:
    """Prices that an episode lacks for which only a topic is given; whether it can be made is not looked at."""
    known = Noting(prices)
    brief = Brief(show="", topic="-", minutes=settings.minutes, quality=settings.quality, writer=settings.writer)
    try:
        Forecaster(settings, known).estimate(brief)
    except PodmillError as exc:
        log.info("not all prices are looked at: %s", exc)
    return known.taken()
