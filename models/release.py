"""A release: all a publishing target needs to publish one episode."""

from models.brief import Brief
from models.documents import Document
from models.dossier import Dossier
from models.master import Master, TextEdition
from models.script import Script
from models.show import ShowProfile


class Release(Document):
    guid: str
    """The episode's id; never changes."""
    published_at: str
    """ISO 8601, UTC; fixed before the first attempt, so that a retry publishes the same item."""
    show: ShowProfile
    brief: Brief
    dossier: Dossier | None
    script: Script
    master: Master | TextEdition
    word_accuracy: float | None
    """None: text only."""
