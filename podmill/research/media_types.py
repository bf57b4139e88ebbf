"""What a file is, by its bytes first and its name second."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Final

from podmill.errors import SourceError
from podmill.research.encoding import decode

MARKDOWN: Final = "text/markdown"
TEXT: Final = "text/plain"
HTML: Final = "text/html"
PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

SUFFIXES: Final[Mapping[str, str]] = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".txt": TEXT,
    ".text": TEXT,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".pdf": PDF,
    ".docx": DOCX,
}
KNOWN: Final = "Markdown (.md), text (.txt), HTML, PDF or Word (.docx)"

_HEAD_BYTES: Final = 1024
_OLD_WORD: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGE: Final = re.compile(
    r"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)


def sniff(path: Path, *, name: str, declared: str | None = None) -> str:
    """The media type of a file.

    Args:
        name: what it was called, for its ending.
        declared: media type its server named; stands in for a name that says nothing.

    Raises:
        SourceError: it is no document, or not what its name says; the message names no file, as the caller knows
            what the person called it.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    suffix = PurePath(name).suffix.lower()
    named = declared or SUFFIXES.get(suffix)
    found = _by_magic(path, head)
    if found:
        return found
    if named in (PDF, DOCX):
        kind = "a PDF" if named == PDF else "a Word document"
        raise SourceError(f"is called {kind} but is not one.", action="Save it again, or give it its true ending.")
    if suffix and named is None:
        raise SourceError(f"the ending {suffix[:12]!r} is none that can be read.", action=f"Give {KNOWN}.")
    text = decode(path.read_bytes())
    if not text.strip():
        raise SourceError("has no text in it.", action="Give a document with text.")
    return HTML if _PAGE.match(text[: _HEAD_BYTES * 4]) else named or TEXT


def _by_magic(path: Path, head: bytes) -> str | None:
    if b"%PDF-" in head and head.lstrip(b"\xef\xbb\xbf\x00\r\n\t ").startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(path) as archive:
                if "word/document.xml" in archive.namelist():
                    return DOCX
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise SourceError("is a damaged archive.", action="Save it again.") from None
        raise SourceError("is an archive, not a Word document.", action="Unpack it and give the documents in it.")
    if head.startswith(_OLD_WORD):
        raise SourceError("is an old Office file or a locked Word document.", action="Save it, unlocked, as .docx.")
    return None
