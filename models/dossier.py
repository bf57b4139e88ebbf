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
    read_on: str | None = None
    """ISO date on which a page of the web was read."""
    found_by: tuple[str, ...] = ()
    """Who named it: ``google``, ``exa``. Empty: the person."""


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
    language: str | None = None
    """ISO 639-1 code, where it is not in the language of its dossier."""
    supported: bool = True
    """False: a claim that no source which was read bears out. It is kept to be seen, and may never be told."""


class Dossier(Document):
    """The facts an episode may use, best understood in reading order."""

    topic: str
    language: str
    sources: tuple[SourceRecord, ...]
    facts: tuple[Fact, ...]
    duplicates_merged: int = 0
    off_topic_dropped: int = 0
    researchers: tuple[str, ...] = ()
    """Who found this: ``documents``, ``google:MODEL``, ``exa``."""
    searches: tuple[str, ...] = ()
    """What was searched for on the web."""
    prompts: tuple[str, ...] = ()
    """Name and version of every prompt that a language model was given: ``search 2``."""
    notes: tuple[str, ...] = ()
    """What the reader should know: a search service that did not answer, a source that could not be read."""
    age_s: float | None = None
    """How old it was when it was taken for this episode. None: it was made for it."""

    @property
    def told(self) -> "Dossier":
        """The same without claims that may not be told."""
        return self.model_copy(update={"facts": tuple(fact for fact in self.facts if fact.supported)})

    @property
    def own(self) -> "Dossier":
        """The same with facts in its own language only."""
        return self.model_copy(update={"facts": tuple(fact for fact in self.facts if fact.language is None)})
