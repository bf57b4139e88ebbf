from collections.abc import Callable

import pytest
from lxml import etree

from podmill.publishing.addresses import Site
from podmill.publishing.categories import CATEGORIES, category_problem
from podmill.publishing.feed import ITUNES, NAMESPACES, PODCAST, render_feed
from podmill.publishing.item import item_of
from podmill.publishing.lint import lint
from tests.releases import SHOW, Studio

Change = Callable[[etree._Element], object]


def without(path: str) -> Change:
    def change(channel: etree._Element) -> None:
        element = channel.find(path, NAMESPACES)
        element.getparent().remove(element)

    return change


def text(path: str, value: str) -> Change:
    return lambda channel: setattr(channel.find(path, NAMESPACES), "text", value)


def attribute(path: str, name: str, value: str) -> Change:
    return lambda channel: channel.find(path, NAMESPACES).set(name, value)


@pytest.fixture
def channel(studio: Studio) -> etree._Element:
    site = Site("https://podcasts.example.org", SHOW.slug)
    found = [item_of(studio.release(guid, published_at=f"2026-11-2{guid}T00:00:00Z"), f"x-{guid}") for guid in "12"]
    return etree.fromstring(render_feed(SHOW, found, site)).find("channel")


@pytest.mark.parametrize(
    ("change", "level", "message"),
    [
        (without("title"), "error", "title is missing"),
        (without("link"), "error", "link is missing"),
        (without("description"), "error", "description is missing"),
        (text("description", "x" * 4001), "error", "over 4000 bytes"),
        (text("description", "<p>a<script>b</script></p>"), "error", "apps refuse: script"),
        (text("language", "English"), "error", "'English' is not a language code"),
        (text("itunes:explicit", "clean"), "error", "must be true or false"),
        (without("itunes:image"), "error", "itunes:image"),
        (attribute("itunes:image", "href", "https://example.org/cover.webp"), "error", ".jpg or .png"),
        (without("itunes:category"), "error", "itunes:category is missing"),
        (attribute("itunes:category", "text", "Astronomy"), "error", "'Astronomy' is not a podcast category"),
        (attribute("itunes:category/itunes:category", "text", "Books"), "error", "not a sub-category of Science"),
        (attribute("{http://www.w3.org/2005/Atom}link", "rel", "next"), "error", "atom:link"),
        (text(f"{{{PODCAST}}}guid", "night-sky"), "error", "not a UUID"),
        (text(f"{{{PODCAST}}}locked", "maybe"), "error", "yes or no"),
        (without(f"{{{ITUNES}}}author"), "warning", "itunes:author is missing"),
        (without(f"{{{ITUNES}}}owner"), "warning", "no e-mail address"),
        (text("item/pubDate", "Mon, 01 Jan 2001 00:00:00 GMT"), "warning", "not in order"),
        (without("item/title"), "error", "title is missing"),
        (without("item/guid"), "error", "guid is missing"),
        (text("item/guid", "1"), "error", "2 items share the guid 1"),
        (without("item/enclosure"), "error", "0 enclosures"),
        (attribute("item/enclosure", "length", "0"), "error", "size in bytes"),
        (attribute("item/enclosure", "length", "1.5"), "error", "size in bytes"),
        (attribute("item/enclosure", "type", "audio/wav"), "error", "'audio/wav'"),
        (attribute("item/enclosure", "url", "https://example.org/a.m4a"), "error", "does not end"),
        (attribute("item/enclosure", "url", "a.mp3"), "error", "no usable address"),
        (text("item/pubDate", "Mon, 22 Nov 2026 00:00:00 GMT"), "error", "wrong day of the week"),
        (text("item/pubDate", "2026-11-22"), "error", "not a date"),
        (text("item/itunes:duration", "6.4"), "error", "whole seconds"),
        (attribute("item/podcast:transcript", "type", "text/srt"), "error", "known type"),
        (attribute("item/podcast:chapters", "url", "chapters.json"), "error", "podcast:chapters"),
        (without("item/podcast:txt"), "warning", "whether AI made it"),
    ],
)
def test_every_fault_is_found(channel: etree._Element, change: Change, level: str, message: str) -> None:
    """One fault planted in a sound feed is reported with its level."""
    change(channel)

    assert any(each.level == level and message in each.message for each in lint(etree.tostring(channel.getparent())))


def test_a_repeated_enclosure_is_found(channel: etree._Element) -> None:
    """Two items never share an audio address."""
    first, second = channel.findall("item/enclosure")
    second.set("url", first.get("url"))

    assert any("share the enclosure" in finding.message for finding in lint(etree.tostring(channel.getparent())))


@pytest.mark.parametrize(
    "feed",
    [
        b"",
        b"<rss>",
        b"<rss version='2.0'/>",
        b"<feed/>",
        b"<!DOCTYPE r [<!ENTITY a 'b'>]><rss version='2.0'><channel>&a;</channel>",
    ],
)
def test_what_is_no_feed_is_one_error(feed: bytes) -> None:
    """A document that is not RSS 2.0 gives one error, not an exception."""
    assert [finding.level for finding in lint(feed)] == ["error"]


def test_an_empty_show_is_only_warned_of(channel: etree._Element) -> None:
    """A feed without items is of no use to a directory, but not wrong."""
    for item in channel.findall("item"):
        channel.remove(item)

    assert [finding.message for finding in lint(etree.tostring(channel.getparent()))] == ["there is no item"]


def test_the_category_list_is_apples() -> None:
    """Nineteen categories; the spelling traps of other lists are avoided."""
    assert len(CATEGORIES) == 19
    assert category_problem("Comedy", "Stand-Up") is None
    assert category_problem("Religion & Spirituality", "Religion") is None
    assert category_problem("Technology", None) is None
    assert "Known: none." in str(category_problem("Technology", "Gadgets"))
    assert category_problem("Games & Hobbies", None)
