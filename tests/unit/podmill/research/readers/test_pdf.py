"""PDF."""

from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from podmill.errors import SourceError
from podmill.research.readers.pdf import PAGES_MAX, PDFReader

MakePDF = Callable[..., Path]
LINE = "Bees dance in the dark of the hive to tell the others where food may be found"


def test_paragraphs_cross_pages_and_hyphens(make_pdf: MakePDF) -> None:
    """Lines are joined, words put together again, and a sentence goes on over the page break."""
    path = make_pdf(
        [[LINE, "today, and the way is long and well re-", "membered by all of"], ["the bees in it.", LINE + "."]]
    )

    found = PDFReader().read(path).paragraphs

    assert [paragraph.text for paragraph in found] == [
        f"{LINE} today, and the way is long and well remembered by all of the bees in it.",
        f"{LINE}.",
    ]
    assert [paragraph.location for paragraph in found] == ["page 1", "page 2"]


def test_running_heads_and_numbers_go(make_pdf: MakePDF) -> None:
    """What stands at the edge of every page is not text."""
    path = make_pdf([["The Journal of Bees", f"{LINE} {word}.", f"Page {n}"] for n, word in enumerate("abcdef", 1)])

    text = " ".join(paragraph.text for paragraph in PDFReader().read(path).paragraphs)

    assert "Journal" not in text
    assert "Page" not in text
    assert text.count("Bees dance") == 6


def test_headings_and_meta(make_pdf: MakePDF) -> None:
    """A short line without an end mark is a heading; the file names its title, author and date."""
    reading = PDFReader().read(make_pdf([["2.1 The dance", LINE + "."]], title="On bees", author="K. Frisch"))

    assert reading.paragraphs[0].heading == "The dance"
    assert (reading.title, reading.author, reading.date) == ("On bees", "K. Frisch", "2024-03-01")


def test_a_title_of_the_program_is_none(make_pdf: MakePDF) -> None:
    """What a word processor puts in is not the title."""
    assert PDFReader().read(make_pdf([[LINE + "."]], title="Microsoft Word - draft.docx")).title is None


def test_a_locked_file(make_pdf: MakePDF, tmp_path: Path) -> None:
    """A password is asked of nobody."""
    writer = pypdf.PdfWriter(clone_from=make_pdf([[LINE]]))
    writer.encrypt("word", algorithm="RC4-128")
    path = tmp_path / "locked.pdf"
    writer.write(path)

    with pytest.raises(SourceError, match="locked with a password"):
        PDFReader().read(path)


def test_scanned_pages(make_pdf: MakePDF) -> None:
    """Pages without a text layer say what to do."""
    with pytest.raises(SourceError, match="text recognition"):
        PDFReader().read(make_pdf([[], []]))


def test_too_many_pages(make_pdf: MakePDF) -> None:
    """The number of pages is bounded."""
    with pytest.raises(SourceError, match=f"more than {PAGES_MAX} pages"):
        PDFReader().read(make_pdf([["a"]] * (PAGES_MAX + 1)))
