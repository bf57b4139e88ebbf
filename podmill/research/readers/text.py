"""Plain text: paragraphs stand between blank lines."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from podmill.research.encoding import clean, decode
from podmill.research.readers import Paragraph, Reading, finished
from podmill.text.punctuation import ENDED

HEADING_MAX_CHARS: Final = 90
_WRAP_MAX_CHARS: Final = 120
"""A line longer than people wrap at is a paragraph of its own."""


class TextReader:
    def read(self, path: Path, charset: str | None = None) -> Reading:
        """Paragraphs, located by line; a short line alone and without an end mark is a heading."""
        blocks = list(_blocks(decode(path.read_bytes(), charset)))
        heads = [following for _, following in pairwise([*blocks, None])]
        paragraphs: list[Paragraph] = []
        title: str | None = None
        heading: str | None = None
        for (number, text), following in zip(blocks, heads, strict=True):
            if _is_heading(text) and following is not None:
                heading = text
                title = title or (text if not paragraphs else None)
            else:
                paragraphs.append(Paragraph(text, f"line {number}", heading))
        return finished(paragraphs, title=title)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Paragraphs with the number of their first line, from 1."""
    gathered: list[str] = []
    first = 1
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        kept = clean(line)
        if gathered and (not kept or len(gathered[-1]) > _WRAP_MAX_CHARS):
            yield first, " ".join(gathered)
            gathered = []
        if kept:
            first = first if gathered else number
            gathered.append(kept)


def _is_heading(text: str) -> bool:
    return len(text) <= HEADING_MAX_CHARS and text[-1] not in ",;:" and not ENDED.search(text)
