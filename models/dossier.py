"""The dossier: what research found."""

from models.documents import Document


class SourceRecord(Document):
    """A source that was read."""

    id: str
    """``s1``, ``s2``, ... in reading order."""
    title: str
    name: str
    """As the person named it."""
    url: str | None = None
    media_type: str
    sha256: str
    """Of the bytes that were read."""
    author: str | None = None
    date: str | None = None
    """ISO date the source states, when it states one."""


class Fact(Document):
    """One statement and the passage it came from."""

    id: str
    """``f1``, ``f2``, ... in reading order."""
    text: str
    """One sentence as the source has it, or two adjacent ones when the second needs the first."""
    source_id: str
    passage: str
    """The paragraph around it, verbatim, or as much of a long one as a passage may hold."""
    heading: str | None = None
    location: str
    """Where in the source: ``page 3``, ``line 41``, ``paragraph 7``."""
    relevance: float
    """0 to 1 against the topic."""
    also_in: tuple[str, ...] = ()
    """Ids of other sources that say the same."""


class Dossier(Document):
    """The facts an episode may use, best understood in reading order."""

    topic: str
    language: str
    sources: tuple[SourceRecord, ...]
    facts: tuple[Fact, ...]
    duplicates_merged: int = 0
    off_topic_dropped: int = 0
