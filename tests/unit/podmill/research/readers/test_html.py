"""HTML."""

from pathlib import Path

import pytest

from podmill.errors import SourceError
from podmill.research.readers import Reading
from podmill.research.readers.html import HTMLReader

FILLER = "".join(f"<p>Paragraph number {n} tells of bees, hives and honey in some detail.</p>" for n in range(5))


def read(tmp_path: Path, page: str, encoding: str = "utf-8", charset: str | None = None) -> Reading:
    path = tmp_path / "a.html"
    path.write_bytes(page.encode(encoding))
    return HTMLReader().read(path, charset)


def texts(reading: Reading) -> str:
    return "\n".join(paragraph.text for paragraph in reading.paragraphs)


def test_only_the_main_text(tmp_path: Path) -> None:
    """Navigation, banners, scripts, tables, code and citation marks are left out."""
    reading = read(
        tmp_path,
        "<html><head><title>Bees</title><meta name='author' content='Jane Roe'>"
        "<meta property='article:published_time' content='2023-05-06'></head><body>"
        "<nav><a href='/'>Home page link</a></nav><div class='cookie-banner'>We use cookies here.</div>"
        f"<article><h1>Bees</h1><p>Bees <b>dance</b> at <a href='/x'>night</a> in hives.[12]</p>{FILLER}"
        "<table><tr><td>cell text</td></tr></table><pre><code>print(1)</code></pre><script>alert(1)</script></article>"
        "<footer>Foot of the page</footer></body></html>",
    )

    assert "Bees dance at night in hives." in texts(reading)
    for left_out in ("Home", "cookies", "cell", "print", "alert", "Foot", "[12]"):
        assert left_out not in texts(reading)
    assert (reading.author, reading.date) == ("Jane Roe", "2023-05-06")


@pytest.mark.parametrize(("meta", "charset"), [("<meta charset=koi8-r>", None), ("", "koi8-r")])
def test_charsets(tmp_path: Path, meta: str, charset: str | None) -> None:
    """The page or its server says how it is encoded."""
    said = "Пчёлы живут большими семьями и строят соты из воска."
    reading = read(
        tmp_path, f"<html><head>{meta}</head><body><p>{said}</p><p>{said}</p></body></html>", "koi8-r", charset
    )

    assert said in texts(reading)


def test_xhtml_with_a_declaration(tmp_path: Path) -> None:
    """An XML declaration is no obstacle."""
    page = f'<?xml version="1.0" encoding="utf-8"?>\n<html><body><article>{FILLER}</article></body></html>'

    assert "number 3" in texts(read(tmp_path, page))


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    """A document type that names a file or doubles itself brings nothing in."""
    page = (
        '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "yyyyyyyy">]>'
        f"<html><body><article>{FILLER}<p>Here it is: &x; and &y; it ends.</p></article></body></html>"
    )

    found = texts(read(tmp_path, page))
    assert "root:" not in found
    assert "yyyyyyyy it ends" not in found


@pytest.mark.parametrize("page", ["<html><body><script>draw()</script></body></html>", "<html></html>", "<p>"])
def test_a_page_without_text(tmp_path: Path, page: str) -> None:
    """A page drawn by scripts is refused with a way out."""
    with pytest.raises(SourceError, match=r"no (readable|running) text"):
        read(tmp_path, page)
