"""The script: what will be said, by whom, and on whose word."""

from pydantic import Field

from models.documents import Document
from models.dossier import SourceRecord


class Line(Document):
    """One speaker, one utterance."""

    index: int
    """Position in the script, from 0."""
    speaker: str
    """Tag of the cast member: ``S1``."""
    text: str
    """As a reader sees it (transcript, show notes)."""
    spoken: str
    """As the voice says it: no digits, symbols, addresses or abbreviations."""
    chapter: int
    """Index into ``Script.chapters``."""
    facts: tuple[str, ...] = ()
    """Ids of the facts this line states; empty when it states none."""
    sources: tuple[str, ...] = ()
    """Ids of the sources those facts came from."""


class Chapter(Document):
    title: str
    first_line: int


class Provenance(Document):
    """How a language model came to write a script."""

    provider: str
    model: str
    """As the provider itself named the model that answered."""
    prompts: tuple[str, ...]
    """Name and version of every prompt it was given: ``chapter 1``."""
    calls: int
    """Requests whose replies the script was made of, refused and repaired ones included."""
    input_tokens: int
    output_tokens: int
    repaired: int = 0
    """Replies that had to be asked for again: cut, not as agreed, or stating what no fact supports."""
    dropped: int = 0
    """Lines left out because no fact supports them, or because they were said before."""


class Script(Document):
    """A whole episode in words."""

    title: str
    summary: str
    language: str
    chapters: tuple[Chapter, ...]
    lines: tuple[Line, ...]
    sources: tuple[SourceRecord, ...] = ()
    """Only those that a line cites."""
    speakers: dict[str, str]
    """Tag to the name listeners know."""
    writer: str
    """Who wrote it: ``offline``, ``ready-made``, or a provider and its model: ``gemini:gemini-3.8-flash``."""
    estimated_s: float
    """Speaking time expected at the writer's words-a-minute."""
    warnings: tuple[str, ...] = ()
    """What the reader should know: asked for ten minutes, the sources carry six."""
    pronunciations: dict[str, str] = Field(default_factory=dict)
    """Name to how it is said; ``spoken`` has them already."""
    provenance: Provenance | None = None
    """Of what a language model wrote; None for the other writers."""

    @property
    def characters(self) -> int:
        """Characters that will be sent to a voice."""
        return sum(len(line.spoken) for line in self.lines)
