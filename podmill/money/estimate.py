"""What an episode will cost, from its script."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Final

from models.quote import QuoteItem
from models.script import Script
from podmill.money.prices import Price, PriceList

LINES_HELD: Final = 4
"""Of sixteen lines of which every tenth is bad, a quarter of their cost is too little in 9 of 100 episodes, and that of
the four longest in 1; of many more lines a quarter is enough."""


def repair_share(lengths: Sequence[float], share: float) -> float:
    """Share of the cost of speech that is held for lines that are spoken again: at least that of the longest lines.

    Args:
        lengths: of all lines.
        share: as it was asked for; 0: nothing is held.
    """
    if not share:
        return 0.0
    return max(share, sum(sorted(lengths)[-LINES_HELD:]) / max(sum(lengths), 1))


def estimate(
    script: Script,
    speech: Mapping[tuple[str, str], Sequence[float]],
    prices: PriceList,
    *,
    transcriber: str,
    used: Callable[[Price], float],
) -> tuple[QuoteItem, ...]:
    """One item per priced thing that is still to come, in the order they are spent.

    A language model that wrote the script was paid for each of its replies already.

    Args:
        speech: what every request to speak may use, at most, by provider and unit. Each request is paid for by itself,
            and so rounded by itself.
        used: how much of the month's volume of a price is used.

    Raises:
        PriceUnknownError: something the episode needs has no price.
    """
    writer = script.writer.partition(":")[0]
    minutes = round(script.estimated_s / 60, 3)
    return (
        *(() if script.provenance else (_item("scripting", prices.find(writer, "script"), [1.0], used),)),
        *(_item("synthesis", prices.find(*priced), counts, used) for priced, counts in speech.items()),
        _item("verification", prices.find(transcriber, "minute"), [minutes], used),
    )


def _item(step: str, price: Price, quantities: Sequence[float], used: Callable[[Price], float]) -> QuoteItem:
    before = accumulate(quantities, initial=used(price))
    return QuoteItem(
        step=step,
        provider=price.provider,
        unit=price.unit,
        quantity=sum(quantities),
        unit_price_usd=str(price.usd),
        cost_microusd=sum(price.cost_microusd(*each) for each in zip(quantities, before, strict=False)),
    )
