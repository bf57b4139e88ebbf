"""The script: what will be said, by whom, and on whose word."""

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
    """Who wrote it: ``offline``, ``ready-made``, or a provider and its model."""
    estimated_s: float
    """Speaking time expected at the writer's words-a-minute."""
    warnings: tuple[str, ...] = ()
    """What the reader should know: asked for ten minutes, the sources carry six."""

    @property
    def characters(self) -> int:
        """Characters that will be sent to a voice."""
        return sum(len(line.spoken) for line in self.lines)
