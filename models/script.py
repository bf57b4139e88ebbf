"""The script: what will be said, by whom, and on whose word."""

from collections.abc import Collection

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
    spoken_first: str = ""
    """``spoken`` before a person gave the line other words: takes that its neighbours are in still say that."""
    cut_as: str = ""
    """``spoken`` before a person gave it other words that were never spoken: requests are still cut as with those."""
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
    """Speaking time expected at the pace of its voices."""
    paced: bool = False
    """Every voice was heard before, so that ``estimated_s`` goes by its own pace, not by what is usual."""
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

    def only(self, indexes: Collection[int]) -> "Script":
        """The script of some of its lines: numbered anew, with the chapters that are left and the sources they cite."""
        kept = [line for line in self.lines if line.index in indexes]
        chapters = list(dict.fromkeys(line.chapter for line in kept))
        lines = tuple(
            line.model_copy(update={"index": index, "chapter": chapters.index(line.chapter)})
            for index, line in enumerate(kept)
        )
        firsts = [next(line.index for line in lines if line.chapter == place) for place in range(len(chapters))]
        cited = {source for line in lines for source in line.sources}
        before = {source for line in self.lines for source in line.sources}
        shorter = {
            "lines": lines,
            "chapters": tuple(
                self.chapters[chapter].model_copy(update={"first_line": first})
                for chapter, first in zip(chapters, firsts, strict=True)
            ),
            "sources": tuple(source for source in self.sources if source.id in cited or source.id not in before),
            "estimated_s": self.estimated_s * sum(len(line.spoken) for line in lines) / max(self.characters, 1),
        }
        return self.model_copy(update=shorter)
