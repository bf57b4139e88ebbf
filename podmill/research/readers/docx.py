"""Word documents (.docx): paragraphs and lists; no tables, images, notes or comments."""

import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import docx
from docx.opc.exceptions import OpcError
from docx.text.paragraph import Paragraph as WordParagraph

from podmill.errors import SourceError
from podmill.research.encoding import clean
from podmill.research.readers import Paragraph, Reading, finished

UNPACKED_MAX_BYTES: Final = 200_000_000
ENTRIES_MAX: Final = 2000
_BROKEN: Final = (
    *(OpcError, SyntaxError, zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, KeyError, ValueError, TypeError, AttributeError, IndexError),
)
"""What a broken file surfaces as in python-docx and below it; lxml's parse errors are SyntaxErrors."""
_TEMPLATE_AUTHOR: Final = "python-docx"
"""Author of the template that python-docx starts from: its author and date say nothing of the document."""


class DocxReader:
    def read(self, path: Path, charset: str | None = None) -> Reading:  # noqa: ARG002 - the format says it itself
        """Paragraphs, located by their number in the document."""
        _check_archive(path)
        try:
            document = docx.Document(str(path))
            core = document.core_properties
            paragraphs, titled = _walk(document)
            author, created = clean(core.author or ""), core.created or core.modified
            title = clean(core.title or "") or titled
        except _BROKEN as exc:
            raise SourceError("is not a whole Word document.", action="Save it again.") from exc
        if author == _TEMPLATE_AUTHOR:
            author, created = "", None
        return finished(paragraphs, title=title, author=author, date=_iso(created))


def _check_archive(path: Path) -> None:
    """Refuse archives that unpack to far more than they are; zipfile itself stops at the sizes they declare."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        raise SourceError("is not a whole Word document.", action="Save it again.") from exc
    if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in entries) > UNPACKED_MAX_BYTES:
        raise SourceError(
            f"unpacks to more than {UNPACKED_MAX_BYTES // 1_000_000} MB or {ENTRIES_MAX} files.",
            action="Save it without images.",
        )


def _walk(document: Any) -> tuple[list[Paragraph], str | None]:
    paragraphs: list[Paragraph] = []
    title: str | None = None
    heading: str | None = None
    for number, paragraph in enumerate(_bodies(document), start=1):
        text = clean(paragraph.text)
        style = str(paragraph.style.name or "") if paragraph.style is not None else ""
        if not text:
            continue
        if style == "Title":
            title = title or text
        elif style.startswith("Heading"):
            heading = text
            title = title or (text if not paragraphs else None)
        else:
            paragraphs.append(Paragraph(text, f"paragraph {number}", heading))
    return paragraphs, title


def _bodies(document: Any) -> Iterator[WordParagraph]:
    return (item for item in document.iter_inner_content() if isinstance(item, WordParagraph))


def _iso(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None
