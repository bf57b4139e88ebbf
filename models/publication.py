"""Publications: one target's copy of an episode each."""

from models.documents import Document


class Publication(Document):
    target: str
    """Name of the publishing target: ``folder``."""
    url: str
    """Where a listener finds the episode."""
    path: str | None = None
    """File system path of the audio, for targets on this machine."""
    transcript_path: str | None = None
    feed_path: str | None = None
    guid: str
    published_at: str
    """ISO 8601, UTC; the feed's pubDate."""


class Publications(Document):
    items: tuple[Publication, ...]
