"""What was handed in, once it has been read and checked."""

from pathlib import Path
from typing import Literal

from models.documents import Document


class FileRequest(Document):
    """Content to take into the store at submission: exactly one of a file, an address and a text."""

    name: str
    """As the person wrote it; ``inline`` for a text written in the row itself."""
    path: Path | None = None
    """Absolute."""
    url: str | None = None
    """https; fetched by the research step."""
    text: str | None = None
    media_type: str = ""
    """Of a file: told by its content. Of an address: unknown until fetched."""
    sha256: str | None = None
    """Of the bytes when they were read; None for an address."""

    @property
    def identity(self) -> str:
        """What makes two of them the same content."""
        return self.sha256 or self.url or ""


class FallbackRequest(Document):
    """Who speaks when the voices of a cast cannot. None: not stated. See ``models.brief.Fallback``."""

    voices_order: tuple[str, ...] | None = None
    voices_fallback: Literal["never", "whole", "mixed"] | None = None
    voices_degrade: tuple[Literal["auto", "shifted"], ...] | None = None


class QualityRequest(Document):
    """How good an episode is asked to be, and what of that may be given up. None: not stated."""

    quality: Literal["standard", "hd"] | None = None
    degrade: tuple[Literal["quality", "voice", "minutes"], ...] | None = None


class CastRequest(Document):
    """One speaker that was asked for."""

    name: str
    voice: str
    """``engine:voice``, or ``auto``."""
    voices: tuple[str, ...] = ()
    """``engine:voice`` of other engines, for when that of ``voice`` fails."""
    persona: str | None = None
    """Who they are and how they talk."""


class ShowRequest(FallbackRequest, QualityRequest):
    """A show as a batch names it. None: not stated, keep what the show has or take the default."""

    slug: str
    title: str | None = None
    description: str | None = None
    author: str | None = None
    owner_email: str | None = None
    language: str | None = None
    category: str | None = None
    subcategory: str | None = None
    link: str | None = None
    explicit: bool | None = None
    copyright: str | None = None
    cover: FileRequest | None = None

    @property
    def heading(self) -> str:
        """The title a new show gets when none was stated."""
        return self.title or self.slug.replace("-", " ").title()


class EpisodeRequest(FallbackRequest, QualityRequest):
    """One episode that was asked for. None: not stated, the settings' default applies."""

    key: str
    """Same key, same episode: SHA-256 of the show and the explicit id, or of the show and the content."""
    show: str
    """Slug."""
    id: str | None = None
    topic: str | None = None
    title: str | None = None
    summary: str | None = None
    sources: tuple[FileRequest, ...] = ()
    script: FileRequest | None = None
    minutes: float | None = None
    language: str | None = None
    cast: str | tuple[CastRequest, ...] | None = None
    """Name of a cast, or its members."""
    engine: str | None = None
    writer: str | None = None
    research: tuple[str, ...] | None = None
    """Who is asked besides the sources."""
    artwork: FileRequest | None = None
    file: str
    """File it was read from."""
    line: int | None = None
    """Line its row begins at; None when the file as a whole is the request."""

    @property
    def subject(self) -> str:
        """The words that name the episode before it has a script."""
        if self.title or self.topic:
            return self.title or self.topic or ""
        content = self.script or (self.sources[0] if self.sources else None)
        if content is None or content.text is not None:
            return "Untitled"
        return Path(content.name).stem.replace("_", " ").replace("-", " ").strip().capitalize() or "Untitled"


class RefusedRow(Document):
    """A row that cannot be taken, and why."""

    file: str
    line: int | None = None
    field: str | None = None
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class Submission(Document):
    """Everything that was handed in together."""

    name: str
    """File name, for a person."""
    shows: tuple[ShowRequest, ...]
    """In the order they are first named; at least one when there is an episode."""
    episodes: tuple[EpisodeRequest, ...]
    refused: tuple[RefusedRow, ...] = ()
    fingerprint: str
    """SHA-256 of the content: the same files again are the same submission, wherever they lie."""

    @property
    def show(self) -> str:
        """Slug of the first show."""
        return self.shows[0].slug
