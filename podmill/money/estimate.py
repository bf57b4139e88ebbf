"""What an episode will cost, from its script."""

from collections.abc import Mapping, Sequence

from models.quote import QuoteItem
from models.script import Script
from podmill.money.prices import PriceList


def estimate(
    script: Script, speech: Mapping[tuple[str, str], Sequence[float]], prices: PriceList, *, transcriber: str
) -> tuple[QuoteItem, ...]:
    """One item per priced thing that is still to come, in the order they are spent.

    A language model that wrote the script was paid for each of its replies already.

    Args:
        speech: what every request to speak may use, at most, by provider and unit. Each request is paid for by itself,
            and so rounded by itself.

    Raises:
        PriceUnknownError: something the episode needs has no price.
    """
    writer = script.writer.partition(":")[0]
    minutes = round(script.estimated_s / 60, 3)
    return (
        *(() if script.provenance else (_item("scripting", writer, "script", [1.0], prices),)),
        *(_item("synthesis", engine, unit, counts, prices) for (engine, unit), counts in speech.items()),
        _item("verification", transcriber, "minute", [minutes], prices),
    )


def _item(step: str, provider: str, unit: str, quantities: Sequence[float], prices: PriceList) -> QuoteItem:
    price = prices.find(provider, unit)
    return QuoteItem(
        step=step,
        provider=provider,
        unit=unit,
        quantity=sum(quantities),
        unit_price_usd=str(price.usd),
        cost_microusd=sum(price.cost_microusd(quantity) for quantity in quantities),
    )
