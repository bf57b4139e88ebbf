import pytest
from lxml import etree, html

from models.master import ChapterTime
from models.release import Release
from podmill.errors import PublishError
from podmill.publishing.addresses import Site
from podmill.publishing.item import item_of
from podmill.publishing.pages import notes_page, show_page
from tests.releases import SHOW, Studio

SITE = Site("https://podcasts.example.org", SHOW.slug)
HOSTILE = '<script>alert("x")</script>"\'><img src=x onerror=alert(1)> \u202e\u05e9 \x00'
SHOWN = '<script>alert("x")</script>"\'><img src=x onerror=alert(1)> \u05e9'


def notes(studio: Studio, release: Release) -> etree._Element:
    transcript = studio.store.path(release.master.transcript_json).read_bytes()
    return html.document_fromstring(notes_page(release, item_of(release, "x-1"), transcript, SITE).decode())


def text(element: etree._Element) -> str:
    return " ".join(element.text_content().split())


def test_notes_hold_player_chapters_transcript_and_sources(studio: Studio) -> None:
    """The page plays the audio and shows who said what, when, and on whose word, in that source's own words."""
    page = notes(studio, studio.release())

    assert [audio.get("src") for audio in page.iter("audio")] == ["x.mp3"]
    assert [text(chapter) for chapter in page.find_class("chapters")[0]] == [
        "0:00 Opening",
        "0:02 Why it leaves",
        "0:04 Closing",
    ]
    assert [text(line) for line in page.find_class("line")] == [
        "Joe 0:00 Welcome. Tonight we look at the Moon.",
        "Ada & Co 0:01 It moves away from us by 3.8 cm a year. [1]",
        "Joe 0:02 And why is that?",
        "Ada & Co 0:03 Tides slow Earth, and the Moon takes what Earth loses. [1] [2]",
        "Joe 0:04 That was all for tonight. Good night.",
    ]
    assert [text(source) for source in page.find_class("sources")[0]] == [
        "Lunar laser ranging A. Stargazer, 2024-05-01 1 passage cited The Moon moves away from Earth by 3.8 cm a year.",
        "Tides 1 passage cited Friction of the tides slows the Earth.",
    ]
    assert "AI-generated" in text(page.find_class("notice")[0])


def test_every_citation_leads_to_its_source(studio: Studio) -> None:
    """Each marker links to a source that is on the page."""
    page = notes(studio, studio.release())
    targets = [marker.get("href").removeprefix("#") for marker in page.find_class("cite")]

    assert targets == ["source-1", "source-1", "source-2"]
    assert all(page.get_element_by_id(target) is not None for target in targets)


def test_a_page_can_be_used_without_seeing_it(studio: Studio) -> None:
    """Language, one main heading, landmarks and names for what has no text."""
    page = notes(studio, studio.release())

    assert page.get("lang") == "en"
    assert len(page.findall(".//h1")) == len(page.findall(".//main")) == 1
    assert all(each.get("aria-label") or each.get("aria-labelledby") for each in page.iter("section", "nav", "aside"))
    assert all(
        page.get_element_by_id(each.get("aria-labelledby")) is not None
        for each in page.iter("section")
        if each.get("aria-labelledby")
    )
    assert all(image.get("alt") is not None for image in page.iter("img"))


def test_pages_work_under_a_strict_policy(studio: Studio) -> None:
    """No inline script, style or handler; nothing comes from another host."""
    release = studio.release()
    for page in (notes(studio, release), html.document_fromstring(show_page(SHOW, [item_of(release, "x-1")], SITE))):
        assert all(script.get("src") and not script.text for script in page.iter("script"))
        assert not list(page.iter("style", "iframe", "object"))
        assert not [
            name
            for each in page.iter(etree.Element)
            for name in each.attrib
            if name.startswith("on") or name == "style"
        ]
        loaded = [each.get("src") for each in page.iter("script", "img", "audio")]
        loaded += [each.get("href") for each in page.iter("link")]
        assert not [address for address in loaded if "//" in address or address.startswith("/")]


def test_hostile_words_stay_words_on_every_page(studio: Studio) -> None:
    """Markup in a title, name, line, chapter or source is shown, not obeyed."""
    release = studio.release(title=HOSTILE, summary=HOSTILE, speakers={"S1": HOSTILE, "S2": HOSTILE})
    script = release.script
    script = script.model_copy(
        update={
            "lines": tuple(line.model_copy(update={"text": HOSTILE}) for line in script.lines),
            "chapters": tuple(chapter.model_copy(update={"title": HOSTILE}) for chapter in script.chapters),
            "sources": tuple(
                source.model_copy(update={"title": HOSTILE, "author": HOSTILE, "url": "javascript:alert(1)"})
                for source in script.sources
            ),
        }
    )
    show = SHOW.model_copy(update={"title": HOSTILE, "description": HOSTILE, "copyright": HOSTILE, "author": HOSTILE})
    master = release.master.model_copy(update={"chapters": (ChapterTime(title=HOSTILE, start_s=0, end_s=6),)})
    release = release.model_copy(update={"script": script, "show": show, "master": master})
    page = notes(studio, release)

    assert text(page.find(".//h1")) == SHOWN
    assert [script.get("src") for script in page.iter("script")] == ["../../../_assets/podmill.js"]
    assert [image.get("onerror") for image in page.iter("img")] == [None]
    assert not [link for link in page.iter("a") if link.get("href").startswith("javascript")]
    listing = html.document_fromstring(show_page(show, [item_of(release, "x-1")], SITE).decode())
    assert text(listing.find(".//h1")) == SHOWN
    assert not list(listing.iter("script"))


def test_a_line_that_is_not_heard_has_no_time(studio: Studio) -> None:
    """Lines and transcript are matched by their words, so a gap shifts no time to another line."""
    release = studio.release()
    lines = tuple(
        line.model_copy(update={"text": "Never said."}) if line.index == 1 else line for line in release.script.lines
    )
    changed = release.model_copy(update={"script": release.script.model_copy(update={"lines": (lines[1], *lines)})})
    page = notes(studio, changed)

    assert [line.get("data-line") for line in page.find_class("line")] == [None, "0.0", None, "2.4", "3.6", "4.8"]


def test_an_episode_without_a_dossier_has_notes(studio: Studio) -> None:
    """A ready-made script has no sources, and the page says only that the voices are generated."""
    release = studio.release(sources=(), writer="ready-made").model_copy(update={"dossier": None})
    page = notes(studio, release)

    assert not page.find_class("sources")
    assert text(page.find_class("notice")[0]) == "The voices in this episode are AI-generated."


def test_a_transcript_that_is_none_is_refused(studio: Studio) -> None:
    """A damaged transcript is an error with a way out, not a page without times."""
    release = studio.release()
    with pytest.raises(PublishError, match="transcript"):
        notes_page(release, item_of(release, "x-1"), b"{}", SITE)
