"""From what an episode is expected to use to what it is expected to cost, by price list and by what came before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from models.estimate import EstimateItem
from podmill.money.charge import discounted
from podmill.money.history import NO_HISTORY, History
from podmill.money.prices import Price, PriceList


@dataclass(frozen=True, slots=True)
class Use:
    """How much of one unit a step is expected to use."""

    step: str
    provider: str
    """As the price list names it."""
    unit: str
    low: float
    likely: float
    high: float
    """As much as the step promises to use at most."""

    def times(self, share: float) -> "Use":
        return Use(self.step, self.provider, self.unit, self.low * share, self.likely * share, self.high * share)


def items_of(
    uses: Iterable[Use],
    prices: PriceList,
    history: History = NO_HISTORY,
    *,
    show: str = "",
    language: str = "",
    discount_percent: float = 0.0,
    used: Callable[[Price], float] = lambda _: 0.0,
) -> tuple[EstimateItem, ...]:
    """What uses cost, an item for each step and provider, in their order.

    Args:
        used: units of a price that count towards its volume already.

    Raises:
        PriceUnknownError: something has no price.
    """
    grouped: dict[tuple[str, str], list[Use]] = {}
    for use in uses:
        grouped.setdefault((use.step, use.provider), []).append(use)
    found = []
    for (step, provider), group in grouped.items():
        quantities: dict[str, float] = {}
        costs = [0, 0, 0]
        for use in group:
            price = prices.find(provider, use.unit)
            quantities[use.unit] = round(quantities.get(use.unit, 0.0) + use.likely, 3)
            before = used(price)
            for at, quantity in enumerate((use.low, use.likely, use.high)):
                costs[at] += price.cost_microusd(round(quantity, 3), before)
        low, likely, high = (discounted(cost, discount_percent) for cost in costs)
        listed, basis = likely, "list"
        seen = history.ratio(step, provider, show=show, language=language) if likely else None
        if seen:
            low, likely, high = (round(listed * share) for share in (seen.low, seen.median, seen.high))
            basis = seen.basis
        item = EstimateItem(
            step=step,
            provider=provider,
            quantities=quantities,
            low_microusd=low,
            likely_microusd=likely,
            high_microusd=high,
            list_microusd=listed,
            basis=basis,
        )
        found.append(item)
    return tuple(found)
