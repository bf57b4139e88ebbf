from lxml import etree

from podmill.publishing.addresses import Site
from podmill.publishing.feed import NAMESPACES, newest_first, render_feed, show_cover
from podmill.publishing.item import Item, item_of
from podmill.publishing.lint import lint
from tests.releases import SHOW, Studio

SITE = Site("https://podcasts.example.org", SHOW.slug)
HOSTILE = '<script>alert("x")</script> ]]> &amp; \x00\x1b\ud800 \u202e\u05e9\u05dc\u05d5\u05dd \U0001f680'
SHOWN = '<script>alert("x")</script> ]]> &amp; \u05e9\u05dc\u05d5\u05dd \U0001f680'


def items(studio: Studio, count: int) -> list[Item]:
    return [
        item_of(studio.release(f"guid-{n}", f"Part {n}", published_at=f"2026-11-{n % 5 + 1:02}T00:00:00Z"), f"part-{n}")
        for n in range(count)
    ]


def test_the_same_items_in_any_order_give_the_same_bytes(studio: Studio) -> None:
    """The feed depends on what is published, not on the order in which it was found."""
    found = items(studio, 12)
    feeds = {render_feed(SHOW, found[start:] + found[:start], SITE) for start in range(12)}

    assert len(feeds) == 1


def test_newest_come_first_and_equal_times_never_swap(studio: Studio) -> None:
    """Items go by publication, then by guid."""
    ordered = newest_first(items(studio, 10))

    assert [
        (f"2026-11-{day:02}T00:00:00Z", f"guid-{day - 1 + five}") for day in (5, 4, 3, 2, 1) for five in (5, 0)
    ] == [(item.published_at, item.guid) for item in ordered]


def test_a_feed_passes_the_linter_without_a_word(studio: Studio) -> None:
    """What is published has neither errors nor warnings."""
    assert lint(render_feed(SHOW, items(studio, 3), SITE)) == []


def test_hostile_words_stay_words(studio: Studio) -> None:
    """Markup, section ends, control characters and direction overrides change nothing but the text."""
    show = SHOW.model_copy(update={"title": HOSTILE, "description": HOSTILE, "author": HOSTILE})
    release = studio.release(title=HOSTILE, summary=HOSTILE, speakers={"S1": HOSTILE, "S2": "Ada"})
    feed = render_feed(show, [item_of(release, "x-1")], SITE)
    channel = etree.fromstring(feed).find("channel")

    assert lint(feed) == []
    assert SHOWN == channel.findtext("title") == channel.findtext("item/title")
    assert [person.text for person in channel.iterfind("item/podcast:person", NAMESPACES)] == [SHOWN, "Ada"]


def test_what_names_no_place_on_the_web_is_no_link(studio: Studio) -> None:
    """A show whose link is unusable links to its own page."""
    feed = render_feed(SHOW.model_copy(update={"link": "javascript:alert(1)"}), items(studio, 1), SITE)

    assert etree.fromstring(feed).findtext("channel/link") == "https://podcasts.example.org/night-sky/"


def test_the_show_keeps_its_own_picture(studio: Studio) -> None:
    """An episode's own artwork is the item's picture, not the show's."""
    plain = item_of(studio.release("a"), "a-1")
    special = item_of(studio.release("b", artwork="red", published_at="2027-01-01T00:00:00Z"), "b-1")
    channel = etree.fromstring(render_feed(SHOW, [plain, special], SITE)).find("channel")
    pictures = [image.get("href") for image in channel.iterfind("item/itunes:image", NAMESPACES)]

    assert show_cover([plain, special]) == plain.cover
    assert [SITE.cover(special.cover)] == pictures
    assert show_cover([special]) == special.cover


def test_the_date_of_the_last_build_is_that_of_the_newest_item(studio: Studio) -> None:
    """Nothing in the feed comes from the clock."""
    feed = etree.fromstring(render_feed(SHOW, items(studio, 3), SITE))

    assert feed.findtext("channel/lastBuildDate") == "Tue, 03 Nov 2026 00:00:00 GMT"
