"""What the steps need to know of a show."""

from pydantic import Field

from models.documents import Artifact, Document
from models.gates import Brand, StatedGates
from models.sound import Sound


class ShowProfile(Document):
    slug: str
    title: str
    description: str = ""
    author: str = ""
    owner_email: str = ""
    language: str = "en"
    category: str = "Education"
    subcategory: str | None = None
    link: str = ""
    explicit: bool = False
    copyright: str = ""
    guid: str
    """podcast:guid: computed once, kept for ever."""
    cover: Artifact | None = None
    """None: a cover is generated."""
    sound: Sound | None = Field(default=None, exclude=True)
    """None: as the settings say, and nothing but speech. This and what follows is no part of what is published."""
    gates: StatedGates | None = Field(default=None, exclude=True)
    """None: as the settings say."""
    brand: Brand | None = Field(default=None, exclude=True)
    """None: any script will do."""
