"""From bytes to text, without guessing wildly."""

import codecs
import unicodedata
from typing import Final

from podmill.errors import SourceError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSETS: Final = ("ascii", "utf", "iso8859", "cp", "koi8", "gb", "big5", "euc", "shift", "mac")
_CONTROL_SHARE_MAX: Final = 0.01
_FOREIGN_SHARE_MAX: Final = 0.3
"""Of characters outside ASCII: under a tenth in Western Europe, nearly all in another alphabet read as cp1252."""


def decode(data: bytes, charset: str | None = None) -> str:
    """Text of a document: by its byte order mark, the charset its server named, UTF-8, then Windows-1252.

    Raises:
        SourceError: it is not text, or in an encoding that cannot be told.
    """
    text = _decoded(data, charset)
    controls = sum(1 for char in text if char < " " and char not in "\t\n\r\f\v\x1b")
    if "\x00" in text or controls > len(text) * _CONTROL_SHARE_MAX:
        raise SourceError(
            "is not text: it holds binary data.", action="Give a text, Markdown, HTML, PDF or .docx file."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes, charset: str | None) -> str:
    marked = [name for mark, name in _MARKS if data.startswith(mark)][:1]
    named = [charset] if charset and _is_text_codec(charset) else []
    for name in marked or [*named, "utf-8"]:
        text = _strict(data, name)
        if text is not None:
            return text
    text = None if marked else _strict(data, "cp1252")
    if text is None or _foreign_share(text) > _FOREIGN_SHARE_MAX:
        raise SourceError("is in an encoding that cannot be told.", action="Save it as UTF-8.")
    return text


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_text_codec(name: str) -> bool:
    try:
        # Python also registers codecs that are no charsets (``zlib``, ``rot13``, ``idna``); a server may name any.
        return codecs.lookup(name).name.startswith(_CHARSETS)
    except (LookupError, ValueError):
        return False


def _foreign_share(text: str) -> float:
    visible = [char for char in text if not char.isspace()]
    return sum(1 for char in visible if ord(char) > 127) / max(len(visible), 1)


def clean(text: str) -> str:
    """One paragraph as it can be shown and spoken: one line, composed, without invisible or control characters."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(char if _shows(char) else " " if char.isspace() else "" for char in composed)
    return " ".join(kept.split())


def _shows(char: str) -> bool:
    # The joiners carry meaning in Persian and the Indic scripts; every other format character only hides things.
    return char in "\u200c\u200d" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
