"""ID3v2.3 tags as bytes (id3.org, "ID3 tag version 2.3.0" and "ID3v2 Chapter Frame Addendum 1.0").

Written here because the libraries that write chapters are under the GPL. Text is UTF-16 with a byte order mark, the
only encoding of version 2.3 that holds every script.
"""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

LATIN1: Final = b"\x00"
UTF16: Final = b"\x01"
END: Final = b"\x00"
UTF16_END: Final = b"\x00\x00"
FRONT_COVER: Final = b"\x03"
TOP_LEVEL_ORDERED: Final = b"\x03"
NO_OFFSET: Final = 0xFFFFFFFF
"""Says that a chapter is given by its time alone."""
HEADER_BYTES: Final = 10
SIZE_MAX: Final = 2**28 - 1
"""Of a tag: its size is written in four bytes of seven bits."""


def frame(kind: str, body: bytes) -> bytes:
    """A frame with its header; the two flag bytes are unused."""
    return kind.encode("ascii") + len(body).to_bytes(4) + bytes(2) + body


def text(kind: str, value: str) -> bytes:
    """A text frame: ``TIT2`` (title), ``TPE1`` (artist), ``TALB``, ``TYER``, ..."""
    return frame(kind, UTF16 + _utf16(value))


def user_text(description: str, value: str) -> bytes:
    return frame("TXXX", UTF16 + _utf16(description) + UTF16_END + _utf16(value))


def comment(language: str, value: str) -> bytes:
    """A comment without a description; the language is an ISO 639-2 code."""
    return frame("COMM", UTF16 + language.encode("ascii") + _utf16("") + UTF16_END + _utf16(value))


def cover(jpeg: bytes) -> bytes:
    return frame("APIC", LATIN1 + b"image/jpeg" + END + FRONT_COVER + END + jpeg)


def chapter(name: str, title: str, start_s: float, end_s: float) -> bytes:
    times = (round(start_s * 1000), round(end_s * 1000), NO_OFFSET, NO_OFFSET)
    return frame("CHAP", _name(name) + b"".join(number.to_bytes(4) for number in times) + text("TIT2", title))


def contents(name: str, chapters: Sequence[str]) -> bytes:
    """The table of contents: at most 255 chapters, by name, in order."""
    return frame("CTOC", _name(name) + TOP_LEVEL_ORDERED + len(chapters).to_bytes(1) + b"".join(map(_name, chapters)))


def replace(mp3: Path, frames: Iterable[bytes]) -> None:
    """Put a tag at the start of a file, in place of one that is there; what follows is copied byte for byte.

    Raises:
        OSError: the file cannot be read, or written beside itself.
    """
    body = b"".join(frames)
    if len(body) > SIZE_MAX:
        raise OSError(f"a tag holds {SIZE_MAX} bytes, but this one has {len(body)}")
    fresh = mp3.with_name(mp3.name + ".tagged")
    try:
        with mp3.open("rb") as source, fresh.open("wb") as target:
            target.write(b"ID3\x03\x00\x00" + _seven_bits(len(body)) + body)
            source.seek(_tag_bytes(source.read(HEADER_BYTES)))
            shutil.copyfileobj(source, target)
        fresh.replace(mp3)
    finally:
        fresh.unlink(missing_ok=True)


def _tag_bytes(header: bytes) -> int:
    """Length of the tag a file begins with, 0 when it has none."""
    if len(header) < HEADER_BYTES or not header.startswith(b"ID3"):
        return 0
    size = 0
    for byte in header[6:]:
        size = size << 7 | byte & 0x7F
    return HEADER_BYTES + size


def _seven_bits(size: int) -> bytes:
    """A size that can never look like the start of an MPEG frame: the top bit of each byte is 0."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _utf16(value: str) -> bytes:
    return b"\xff\xfe" + value.encode("utf-16-le")


def _name(value: str) -> bytes:
    return value.encode("latin-1") + END
