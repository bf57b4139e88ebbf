"""Plain text."""

from pathlib import Path

import pytest

from podmill.errors import SourceError
from podmill.research.readers import TEXT_MAX_CHARS, Paragraph, Reading
from podmill.research.readers.text import TextReader


def read(tmp_path: Path, data: bytes, charset: str | None = None) -> Reading:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    return TextReader().read(path, charset)


def test_wrapped_lines_are_joined(tmp_path: Path) -> None:
    """Lines up to a blank one are a paragraph; a short line alone is a heading, the first one the title."""
    reading = read(tmp_path, b"Bees\r\n\r\nOne\r\ntwo.\r\n\r\nThe dance\r\n\r\nThree.\r\n")

    assert reading == Reading(
        (Paragraph("One two.", "line 3", "Bees"), Paragraph("Three.", "line 8", "The dance")), "Bees"
    )


def test_long_lines_are_paragraphs(tmp_path: Path) -> None:
    """Where lines are not wrapped each is a paragraph."""
    line = "Bees dance in the dark hive to tell where the food is. " * 3
    reading = read(tmp_path, f"{line}\n{line}\n".encode())

    assert [paragraph.location for paragraph in reading.paragraphs] == ["line 1", "line 2"]


def test_the_charset_is_used(tmp_path: Path) -> None:
    """Text in the charset a server named."""
    text = "Пчёлы живут в улье."

    assert read(tmp_path, text.encode("cp1251"), "windows-1251").paragraphs[0].text == text


def test_too_much_text(tmp_path: Path) -> None:
    """More than the limit is refused, not cut."""
    with pytest.raises(SourceError, match="2,000,000 characters"):
        read(tmp_path, b"Bees dance. " * (TEXT_MAX_CHARS // 10))
