"""Readers: from a file of one media type to its paragraphs.

A document is hostile until proven otherwise: reading happens in a child process (``isolation.py``) whose memory and
time are bounded, and what comes back is plain text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from podmill.errors import SourceError
from podmill.research.media_types import DOCX, HTML, MARKDOWN, PDF, TEXT

READERS: Final[Mapping[str, str]] = {
    MARKDOWN: "podmill.research.readers.markdown:MarkdownReader",
    TEXT: "podmill.research.readers.text:TextReader",
    HTML: "podmill.research.readers.html:HTMLReader",
    PDF: "podmill.research.readers.pdf:PDFReader",
    DOCX: "podmill.research.readers.docx:DocxReader",
}

TEXT_MAX_CHARS: Final = 2_000_000
"""Of one document: about 330,000 words, four long books."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text, on one line, without markup."""

    text: str
    location: str
    """``line 41``, ``page 3`` or ``paragraph 7``."""
    heading: str | None = None
    """The heading it stands under."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says, and about itself."""

    paragraphs: tuple[Paragraph, ...]
    title: str | None = None
    author: str | None = None
    date: str | None = None
    """ISO date."""


class Reader(Protocol):
    """Reads one media type. Code, tables, images, navigation and notes are left out: they cannot be spoken."""

    def read(self, path: Path, charset: str | None = None) -> Reading:
        """The paragraphs of a file, in reading order.

        Args:
            charset: as its server named it, for media types that do not say themselves.

        Raises:
            SourceError: it cannot be read, or has no running text. The message names no file.
        """
        ...


def finished(
    paragraphs: list[Paragraph], *, title: str | None = None, author: str | None = None, date: str | None = None
) -> Reading:
    """A reading, checked: it has text, and not too much.

    Raises:
        SourceError: it has none, or more than ``TEXT_MAX_CHARS``.
    """
    chars = sum(len(paragraph.text) for paragraph in paragraphs)
    if chars > TEXT_MAX_CHARS:
        raise SourceError(f"has more than {TEXT_MAX_CHARS:,} characters of text.", action="Give the part that matters.")
    if not chars:
        raise SourceError("has no running text.", action="Give a document with sentences in it.")
    return Reading(tuple(paragraphs), title=_short(title), author=_short(author), date=date)


def _short(text: str | None) -> str | None:
    return text[:300].strip() or None if text else None
