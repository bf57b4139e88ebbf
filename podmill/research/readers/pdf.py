"""PDF: the text layer, page by page; no running heads, page numbers or images."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from podmill.errors import SourceError
from podmill.research.encoding import clean
from podmill.research.readers import TEXT_MAX_CHARS, Paragraph, Reading, finished
from podmill.text.punctuation import ENDED

PAGES_MAX: Final = 1000
_EDGE_LINES: Final = 2
"""Lines at the top and the bottom of a page that may be a running head or foot."""
_REPEATED_SHARE: Final = 0.5
_JUNK_TITLE: Final = re.compile(
    r"^(untitled|microsoft word|powerpoint)|\.(docx?|tex|dvi|indd|qxd|pdf|html?)$", re.IGNORECASE
)
_HEADING_MAX_CHARS: Final = 90
_NUMBERED: Final = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[IVX]+\.)\s+(?=\S)")


class PDFReader:
    def read(self, path: Path, charset: str | None = None) -> Reading:  # noqa: ARG002 - the format says it itself
        """Paragraphs, located by the page they begin on."""
        # pypdf reports each oddity of a file as a warning; they say nothing a person could act on.
        logging.getLogger("pypdf").setLevel(logging.CRITICAL)
        try:
            pages, meta = _pages(path)
        except SourceError:
            raise
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as exc:
            # A broken file surfaces in pypdf as any of these.
            raise SourceError("is a damaged PDF.", action="Print it to a new PDF.") from exc
        if not any(pages):
            raise SourceError(
                "has no text layer; its pages are probably scanned images.", action="Run text recognition on it first."
            )
        paragraphs = _paragraphs(_without_running_heads(pages))
        title = clean(meta[0] or "")
        return finished(
            paragraphs, title=None if _JUNK_TITLE.search(title) else title, author=clean(meta[1] or ""), date=meta[2]
        )


def _pages(path: Path) -> tuple[list[list[str]], tuple[str | None, str | None, str | None]]:
    """The lines of every page, and title, author and date."""
    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise SourceError("is locked with a password.", action="Save it without one.")
    if len(reader.pages) > PAGES_MAX:
        raise SourceError(f"has more than {PAGES_MAX} pages.", action="Give the pages that matter.")
    pages: list[list[str]] = []
    chars = 0
    for page in reader.pages:
        lines = [clean(line) for line in page.extract_text().split("\n")]
        chars += sum(map(len, lines))
        if chars > TEXT_MAX_CHARS:
            raise SourceError(f"has more than {TEXT_MAX_CHARS:,} characters of text.", action="Give a part of it.")
        pages.append(lines if any(lines) else [])
    meta = reader.metadata
    created: datetime | None = meta.creation_date if meta else None
    return pages, (
        str(meta.title) if meta and meta.title else None,
        str(meta.author) if meta and meta.author else None,
        created.date().isoformat() if created else None,
    )


def _without_running_heads(pages: list[list[str]]) -> list[list[str]]:
    """Pages without what stands at the edge of most of them; page numbers count as the same."""
    seen: Counter[str] = Counter()
    for lines in pages:
        seen.update({_masked(lines[index]) for index in _edges(lines)})
    often = max(3, len(pages) * _REPEATED_SHARE)
    kept = []
    for lines in pages:
        edges = {index for index in _edges(lines) if seen[_masked(lines[index])] >= often or lines[index].isdigit()}
        kept.append([line for index, line in enumerate(lines) if index not in edges])
    return kept


def _edges(lines: list[str]) -> set[int]:
    filled = [index for index, line in enumerate(lines) if line]
    return {*filled[:_EDGE_LINES], *filled[-_EDGE_LINES:]}


def _masked(line: str) -> str:
    return re.sub(r"\d+", "#", line).casefold()


def _paragraphs(pages: list[list[str]]) -> list[Paragraph]:
    widths = [len(line) for lines in pages for line in lines if line]
    full_chars = median(widths) * 0.8 if widths else 0
    paragraphs: list[Paragraph] = []
    heading: str | None = None
    for number, lines in enumerate(pages, start=1):
        for text in _joined(lines, full_chars):
            if _is_heading(text, full_chars):
                heading = _NUMBERED.sub("", text)
            elif paragraphs and _goes_on(paragraphs[-1], text, heading, full_chars):
                last = paragraphs[-1]
                paragraphs[-1] = Paragraph(_glued(last.text, text), last.location, last.heading)
            else:
                paragraphs.append(Paragraph(text, f"page {number}", heading))
    return paragraphs


def _joined(lines: list[str], full_chars: float) -> Iterator[str]:
    """Paragraphs of a page: they end at a blank line, or at a short line that ends a sentence."""
    gathered = ""
    for line in [*lines, ""]:
        if gathered and (not line or (_is_heading(gathered, full_chars) and line[:1].isupper())):
            yield gathered
            gathered = ""
        gathered = _glued(gathered, line) if gathered else line
        if gathered and len(line) < full_chars and ENDED.search(line):
            yield gathered
            gathered = ""


def _glued(before: str, after: str) -> str:
    # A hyphen between lower-case letters at the end of a line is the typesetter's.
    if re.search(r"[a-zà-ÿ]-$", before) and after[:1].islower():
        return before[:-1] + after
    return f"{before} {after}"


def _goes_on(last: Paragraph, text: str, heading: str | None, full_chars: float) -> bool:
    unfinished = last.heading == heading and not ENDED.search(last.text)
    return unfinished and (text[:1].islower() or len(last.text) >= full_chars)


def _is_heading(text: str, full_chars: float) -> bool:
    """A line that is clearly shorter than a line of running text, begins like a title and has no end mark."""
    short = len(text) < min(full_chars, _HEADING_MAX_CHARS)
    return short and _NUMBERED.sub("", text)[:1].isupper() and text[-1] not in ",;:-" and not ENDED.search(text)
