from lxml import html

from models.master import ChapterTime
from podmill.publishing.description import BYTES_MAX, TAGS, description, html_paragraphs
from podmill.publishing.item import Item, SourceLink, item_of
from tests.releases import Studio

PAGE = "https://example.org/show/episodes/x/"


def item(studio: Studio, **changes: object) -> Item:
    return item_of(studio.release(), "x-1").model_copy(update=changes)


def test_description_holds_summary_chapters_disclosure_and_sources(studio: Studio) -> None:
    """A listener finds in the app what the notes page says, chapter times at the start of their lines."""
    tree = html.fragment_fromstring(description(item(studio), PAGE), create_parent="div")
    lines = [element.text_content() for element in tree.iter("p", "li")]

    assert lines == [
        "How far, how fast, and why.",
        "00:00:00 Opening",
        "00:00:02 Why it leaves",
        "00:00:04 Closing",
        "This episode was put together automatically from the sources listed; its voices are AI-generated.",
        "Sources:",
        "Lunar laser ranging",
        "Tides",
        "Show notes and transcript",
    ]
    assert [link.get("href") for link in tree.iter("a")] == ["https://example.org/moon?a=1&b=2", PAGE]


def test_description_is_whole_at_any_length(studio: Studio) -> None:
    """Four-byte letters, escapes and a thousand chapters and sources still fit in 4000 bytes, tags closed."""
    long = item(
        studio,
        summary=("\U0001f680&" * 3000,),
        chapters=tuple(ChapterTime(title=f"Part {n}", start_s=n, end_s=n + 1) for n in range(1000)),
        sources=tuple(SourceLink(title=f"Source {n} \u00e9", url=f"https://example.org/{n}") for n in range(1000)),
    )
    markup = description(long, PAGE)
    tree = html.fragment_fromstring(markup, create_parent="div")

    assert len(markup.encode()) <= BYTES_MAX
    assert {element.tag for element in tree.iterdescendants()} <= TAGS
    assert markup == html.tostring(tree, encoding="unicode").removeprefix("<div>").removesuffix("</div>")
    assert long.disclosure in markup
    assert "Part 0" not in markup
    assert len(tree.findall(".//li")) > 10


def test_text_cannot_become_markup(studio: Studio) -> None:
    """Tags and section ends in titles are shown as they were written."""
    hostile = "<script>alert(1)</script>]]><b>"
    markup = description(item(studio, summary=(hostile,), sources=(SourceLink(title=hostile),)), PAGE)

    assert "<script" not in markup
    assert "]]>" not in markup
    assert markup.count(hostile.replace("<", "&lt;").replace(">", "&gt;")) == 2


def test_a_first_paragraph_that_is_too_long_is_cut() -> None:
    """A limit holds for a single paragraph too, and later ones are left out in whole."""
    assert html_paragraphs(["aaa bbb ccc"], 14) == "<p>aaa\u2026</p>"
    assert html_paragraphs(["a", "bbbb"], 12) == "<p>a</p>"
