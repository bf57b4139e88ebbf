"""What an episode will cost, from its script."""

from collections.abc import Mapping

from models.quote import QuoteItem
from models.script import Script
from podmill.money.prices import PriceList


def estimate(
    script: Script, characters: Mapping[str, int], prices: PriceList, *, transcriber: str
) -> tuple[QuoteItem, ...]:
    """One item per priced thing, in the order they are spent.

    Args:
        characters: to be spoken, by engine.

    Raises:
        PriceUnknownError: something the episode needs has no price.
    """
    writer = script.writer.partition(":")[0]
    minutes = round(script.estimated_s / 60, 3)
    return (
        _item("scripting", writer, "script", 1.0, prices),
        *(_item("synthesis", engine, "character", float(count), prices) for engine, count in characters.items()),
        _item("verification", transcriber, "minute", minutes, prices),
    )


def _item(step: str, provider: str, unit: str, quantity: float, prices: PriceList) -> QuoteItem:
    price = prices.find(provider, unit)
    return QuoteItem(
        step=step,
        provider=provider,
        unit=unit,
        quantity=quantity,
        unit_price_usd=str(price.usd),
        cost_microusd=price.cost_microusd(quantity),
    )
