"""Word documents."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest

from podmill.errors import SourceError
from podmill.research.readers import docx as module
from podmill.research.readers.docx import DocxReader


def test_paragraphs_lists_and_headings(tmp_path: Path) -> None:
    """Paragraphs and list items are read, tables are not; properties give title, author and date."""
    document = docx.Document()
    document.add_heading("Bees", 0)
    document.add_paragraph("Bees dance.")
    document.add_heading("More", 1)
    document.add_table(1, 1).cell(0, 0).text = "In a cell."
    document.add_paragraph("An item.", style="List Bullet")
    document.core_properties.author = "K. Frisch"
    document.core_properties.created = datetime(2024, 3, 1, tzinfo=UTC)
    document.save(str(tmp_path / "a.docx"))

    reading = DocxReader().read(tmp_path / "a.docx")

    assert [(one.text, one.heading, one.location) for one in reading.paragraphs] == [
        ("Bees dance.", None, "paragraph 2"),
        ("An item.", "More", "paragraph 4"),
    ]
    assert (reading.title, reading.author, reading.date) == ("Bees", "K. Frisch", "2024-03-01")


def test_the_template_is_not_the_author(tmp_path: Path) -> None:
    """A document that names nobody has no author and no date."""
    document = docx.Document()
    document.add_paragraph("Bees dance.")
    document.save(str(tmp_path / "a.docx"))

    reading = DocxReader().read(tmp_path / "a.docx")

    assert (reading.author, reading.date) == (None, None)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    document = docx.Document()
    document.add_paragraph("Bees dance.")
    document.save(str(tmp_path / "whole.docx"))
    return tmp_path / "whole.docx"


def test_a_bomb_is_not_unpacked(whole: Path) -> None:
    """An archive that unpacks to more than the limit is refused by its declared sizes."""
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.bin", "w") as bomb:
        for _ in range(module.UNPACKED_MAX_BYTES // 10_000_000 + 1):
            bomb.write(bytes(10_000_000))

    assert whole.stat().st_size < 1_000_000
    with pytest.raises(SourceError, match="unpacks to more than"):
        DocxReader().read(whole)


def test_too_many_entries(whole: Path) -> None:
    """So is one of very many files."""
    with zipfile.ZipFile(whole, "a") as archive:
        for number in range(module.ENTRIES_MAX):
            archive.writestr(f"x/{number}", b"")

    with pytest.raises(SourceError, match="unpacks to more than"):
        DocxReader().read(whole)


def test_entities_are_not_expanded(whole: Path, tmp_path: Path) -> None:
    """A document type inside brings in neither files nor copies of itself."""
    hostile = tmp_path / "hostile.docx"
    declared = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY b "bombbombbomb">]>'
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(hostile, "w") as new:
        for name in old.namelist():
            data = old.read(name).decode("utf-8", "surrogateescape")
            if name == "word/document.xml":
                head, _, body = data.partition("?>")
                data = f"{head}?>{declared}{body}".replace("Bees dance.", "Bees &f; &b; dance.")
            new.writestr(name, data.encode("utf-8", "surrogateescape"))

    try:
        text = DocxReader().read(hostile).paragraphs[0].text
    except SourceError:
        text = ""
    assert "root:" not in text
    assert "bomb" not in text
