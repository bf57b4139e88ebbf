"""Refusing sources that cannot work, before anything is made."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from podmill.errors import InputError
from podmill.research.intake import check_file, check_url
from podmill.research.media_types import DOCX, HTML, MARKDOWN, PDF, TEXT
from podmill.settings import Settings


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as out:
        out.writestr("a.txt", "text")
    return data.getvalue()


def word() -> bytes:
    data = io.BytesIO()
    docx.Document().save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.md", b"# Bees", MARKDOWN),
        ("a.markdown", b"Bees", MARKDOWN),
        ("a.txt", "Bienen fühlen.".encode("cp1252"), TEXT),
        ("a.TXT", "Bees".encode("utf-16"), TEXT),
        ("README", b"Bees dance.", TEXT),
        ("a.htm", b"<p>Bees", HTML),
        ("page.txt", b"<!DOCTYPE html><html><p>Bees", HTML),
        ("report.docx", b"%PDF-1.4\n", PDF),
        ("README", word(), DOCX),
    ],
)
def test_content_says_what_it_is(tmp_path: Path, settings: Settings, name: str, data: bytes, expected: str) -> None:
    """Magic bytes win over the name; the name decides among texts."""
    path = tmp_path / name
    path.write_bytes(data)

    assert expected == check_file(path, settings)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        pytest.param("a.txt", b"", "is empty", id="empty"),
        pytest.param("a.txt", b" \n\t\n", "no text in it", id="blank"),
        pytest.param("a.txt", b"MZ\x00\x01binary", "binary data", id="nul"),
        pytest.param("a.md", bytes(range(1, 32)) * 9, "binary data", id="controls"),
        pytest.param("a.txt", "Пчёлы живут семьями.".encode("cp1251"), "encoding that cannot be told", id="cp1251"),
        pytest.param("a.txt", b"x" * 1_000_001, "larger than 1 MB", id="large"),
        pytest.param("a.pdf", b"Bees dance.", "called a PDF but is not", id="not-pdf"),
        pytest.param("a.docx", b"Bees dance.", "called a Word document but is not", id="not-docx"),
        pytest.param("a.docx", archive(), "an archive, not a Word", id="zip"),
        pytest.param("a.docx", archive()[:40], "damaged archive", id="half-zip"),
        pytest.param("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old Office file", id="doc"),
        pytest.param("a.csv", b"a,b\n1,2", "ending '.csv'", id="csv"),
    ],
)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, settings: Settings, name: str, data: bytes, message: str
) -> None:
    """Each says what is wrong with which file, and what to do."""
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(InputError, match=message) as caught:
        check_file(path, settings)
    assert str(path) == caught.value.file
    assert caught.value.action


def test_missing_and_folder(tmp_path: Path, settings: Settings) -> None:
    """A path to nothing, and a folder."""
    with pytest.raises(InputError, match="no such file"):
        check_file(tmp_path / "none.md", settings)
    with pytest.raises(InputError, match="is a folder"):
        check_file(tmp_path, settings)
    with pytest.raises(InputError, match="not a regular file"):
        check_file(Path("/dev/null"), settings)


def test_a_pdf_is_taken(settings: Settings, make_pdf: Callable[..., Path]) -> None:
    """A real PDF passes."""
    assert check_file(make_pdf([["Bees dance."]]), settings) == PDF


def test_addresses(settings: Settings) -> None:
    """Https passes; http only on a network that is trusted."""
    assert check_url("https://example.org/a#b", settings) == "https://example.org/a"
    with pytest.raises(InputError, match="only https"):
        check_url("http://example.org/a", settings)
    trusted = settings.model_copy(update={"fetch_private": True})
    assert check_url("http://example.org/a", trusted) == "http://example.org/a"
