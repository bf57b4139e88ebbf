"""HTML: the main text of a page, without navigation, banners, tables and code."""

import re
from pathlib import Path
from typing import Any, Final

import trafilatura

from podmill.errors import SourceError
from podmill.research.encoding import clean, decode
from podmill.research.readers import Paragraph, Reading, finished

_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_HEAD_BYTES: Final = 4096
_TEXT_TAGS: Final = ("p", "item", "quote", "ab")
_LEFT_OUT: Final = ("table", "code", "graphic")
_MARKER: Final = re.compile(r"\[(?:\d{1,3}|[a-z]|citation needed|edit)\]", re.IGNORECASE)


class HTMLReader:
    def read(self, path: Path, charset: str | None = None) -> Reading:
        """Paragraphs, located by their number in the main text."""
        data = path.read_bytes()
        named = _CHARSET.search(data, 0, _HEAD_BYTES)
        page = decode(data, charset or (named[1].decode("ascii") if named else None))
        # Without an XML declaration: lxml refuses one in text that is decoded already.
        page = re.sub(r"\A\s*<\?xml[^>]{0,200}\?>", "", page)
        found: Any = trafilatura.bare_extraction(
            page, with_metadata=True, include_comments=False, include_tables=False, deduplicate=False
        )
        body = getattr(found, "body", None)
        if body is None:
            raise SourceError(
                "has no readable text; it may be drawn by scripts.", action="Save the page as a file, or as PDF."
            )
        return finished(
            _paragraphs(body),
            title=clean(found.title or "") or None,
            author=clean(found.author or "") or None,
            date=found.date or None,
        )


def _paragraphs(body: Any) -> list[Paragraph]:
    paragraphs: list[Paragraph] = []
    heading: str | None = None
    number = 0
    for element in body.iter():
        if element.tag == "head":
            heading = _text(element) or heading
        elif element.tag in _TEXT_TAGS and not _is_inside(element, (*_TEXT_TAGS, *_LEFT_OUT)):
            text = _text(element)
            if text:
                number += 1
                paragraphs.append(Paragraph(text, f"paragraph {number}", heading))
    return paragraphs


def _text(element: Any) -> str:
    parts = []
    for node in element.iter():
        if node.tag in _LEFT_OUT or _is_inside(node, _LEFT_OUT):
            parts.append(" ")
        else:
            parts.append(" " if node.tag == "lb" else node.text or "")
        if node is not element and not _is_inside(node, _LEFT_OUT):
            parts.append(node.tail or "")
    return clean(_MARKER.sub("", "".join(parts)))


def _is_inside(element: Any, tags: tuple[str, ...]) -> bool:
    return any(ancestor.tag in tags for ancestor in element.iterancestors())
