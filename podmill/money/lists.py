"""The lists of prices and of tiers, both checked before anything is made."""

from podmill.errors import ConfigurationError
from podmill.money import entries, prices, tiers
from podmill.money.prices import PriceList
from podmill.money.tiers import TierList
from podmill.settings import Settings


def load(settings: Settings) -> tuple[PriceList, TierList]:
    """Both lists.

    Raises:
        ConfigurationError: something is wrong with them: it tells of all of it.
    """
    try:
        listed = prices.load(settings.prices_file)
    except ConfigurationError as exc:
        entries.together([exc, *_mistakes(settings)])
        raise
    return listed, tiers.load(settings)


def _mistakes(settings: Settings) -> list[ConfigurationError]:
    try:
        tiers.load(settings)
    except ConfigurationError as exc:
        return [exc]
    return []
