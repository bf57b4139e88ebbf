"""The quote: what the episode will cost, and the reservation that holds the money."""

from models.brief import Brief, CastMember, Concession, Fallback, Quality
from models.documents import Document
from models.estimate import Estimate
from models.script import Script


class QuoteItem(Document):
    """One priced thing."""

    step: str
    provider: str
    unit: str
    """What is counted: ``character``, ``minute``, ``request``."""
    quantity: float
    unit_price_usd: str
    """Decimal text, as the price list has it."""
    cost_microusd: int


class Degraded(Document):
    """What was given up so that a budget covers the episode, and what is made instead."""

    given_up: tuple[Concession, ...]
    said: str
    """For people: what is other than it was asked for, and which budget did not cover that."""
    full_microusd: int
    """What all of it would have cost the account."""
    quality: Quality | None
    cast: tuple[CastMember, ...]
    fallback: Fallback | None
    lines: tuple[int, ...] | None = None
    """Lines of the script that are spoken; None: all."""

    def brief(self, asked: Brief) -> Brief:
        """A brief as it is carried out."""
        return asked.model_copy(update={"quality": self.quality, "cast": self.cast, "fallback": self.fallback})

    def script(self, written: Script) -> Script:
        """A script as it is spoken."""
        return written if self.lines is None else written.only(self.lines)


class Quote(Document):
    items: tuple[QuoteItem, ...]
    cost_microusd: int
    requests: int
    """Speech requests planned, before the cache of takes is asked."""
    reservation_id: str
    estimate: Estimate | None = None
    """What the whole episode was expected to cost before anything was spent. None: made before there were any."""
    degraded: Degraded | None = None
    """None: it is made as it was asked for."""
