"""The quote: what the episode will cost, and the reservation that holds the money."""

from models.documents import Document
from models.estimate import Estimate


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


class Quote(Document):
    items: tuple[QuoteItem, ...]
    cost_microusd: int
    requests: int
    """Speech requests planned, before the cache of takes is asked."""
    reservation_id: str
    estimate: Estimate | None = None
    """What the whole episode was expected to cost before anything was spent. None: made before there were any."""
