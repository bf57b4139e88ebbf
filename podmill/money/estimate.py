"""What an episode will cost, from its script."""

from models.brief import Brief
from models.quote import QuoteItem
from models.script import Script
from podmill.money.prices import PriceList


def estimate(brief: Brief, script: Script, prices: PriceList, *, transcriber: str) -> tuple[QuoteItem, ...]:
    """One item per priced thing, in the order they are spent.

    Raises:
        PriceUnknownError: something the episode needs has no price.
    """
    quantities = (
        ("scripting", script.writer.partition(":")[0], "script", 1.0),
        ("synthesis", brief.engine, "character", float(script.characters)),
        ("verification", transcriber, "minute", round(script.estimated_s / 60, 3)),
    )
    return tuple(_item(step, provider, unit, quantity, prices) for step, provider, unit, quantity in quantities)


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
