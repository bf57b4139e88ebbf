"""The estimate: what an episode is expected to cost, before anything is spent."""

from models.documents import Document


class EstimateItem(Document):
    """What one provider is expected to get for one step, in micro-dollars that the account pays."""

    step: str
    provider: str
    quantities: dict[str, float]
    """So much of each unit is likely."""
    low_microusd: int
    likely_microusd: int
    high_microusd: int
    list_microusd: int
    """What is likely by the price list and usual quantities alone: what history is told by, later."""
    basis: str
    """What the figures rest on: ``list``, or the episodes before."""


class Estimate(Document):
    items: tuple[EstimateItem, ...] = ()
    """In the order in which they are spent."""
    minutes: float
    """Length that it is for: as asked, or as a ready-made script has it."""
    note: str = ""
    """What else there is to say: it is made already, sources carry less than is asked."""
    repair_microusd: int = 0
    """At most so much is held besides, for lines that are spoken again."""

    @property
    def low_microusd(self) -> int:
        return sum(item.low_microusd for item in self.items)

    @property
    def likely_microusd(self) -> int:
        return sum(item.likely_microusd for item in self.items)

    @property
    def high_microusd(self) -> int:
        return sum(item.high_microusd for item in self.items)

    def of_step(self, step: str) -> int:
        """What is likely for a step, in micro-dollars."""
        return sum(item.likely_microusd for item in self.items if item.step == step)
