"""The show's RSS feed: iTunes and Podcasting 2.0 tags. The same show and items give the same bytes."""

from collections.abc import Sequence
from typing import Any, Final

from lxml import etree

from models.documents import Artifact
from models.show import ShowProfile
from podmill.publishing.addresses import CHAPTERS, TRANSCRIPTS, Site
from podmill.publishing.description import description, html_paragraphs
from podmill.publishing.item import Item
from podmill.publishing.text import moment, one_line, paragraphs, rfc2822, shorten, web_address

ATOM: Final = "http://www.w3.org/2005/Atom"
ITUNES: Final = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST: Final = "https://podcastindex.org/namespace/1.0"
NAMESPACES: Final = {"atom": ATOM, "itunes": ITUNES, "podcast": PODCAST}

_PERSON_LENGTH_MAX: Final = 128
"""Of text in Podcasting 2.0 tags, unless a tag says otherwise."""
_TRANSCRIPT_TYPES: Final = (("vtt", "text/vtt"), ("srt", "application/x-subrip"), ("json", "application/json"))

Element = Any
"""lxml's element; its type cannot be named in annotations that are read at run time."""


def newest_first(items: Sequence[Item]) -> list[Item]:
    """In feed order: by publication, then by guid, so that equal times never swap."""
    return sorted(items, key=lambda item: (moment(item.published_at), item.guid), reverse=True)


def heard(items: Sequence[Item]) -> list[Item]:
    """Those with audio. The others are on the pages only: podcast apps drop an item without an enclosure."""
    return [item for item in items if item.audio is not None]


def show_cover(items: Sequence[Item]) -> Artifact:
    """The show's picture: of its newest episode that has none of its own, else of its newest episode."""
    ordered = newest_first(heard(items) or items)
    return next((item.cover for item in ordered if not item.own_artwork), ordered[0].cover)


def render_feed(show: ShowProfile, items: Sequence[Item], site: Site) -> bytes:
    """The feed of a show with at least one item, of all that have audio.

    The date of the last build is that of the newest of them: a feed in which nothing changed does not change.
    """
    ordered = newest_first(heard(items))
    rss = etree.Element("rss", version="2.0", nsmap=NAMESPACES)
    channel = etree.SubElement(rss, "channel")
    _channel(channel, show, ordered, site, site.cover(show_cover(items)))
    for item in ordered:
        if item.audio is not None:
            _item(etree.SubElement(channel, "item"), item, item.audio, show, site)
    return etree.tostring(rss, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _channel(channel: Element, show: ShowProfile, items: Sequence[Item], site: Site, cover_url: str) -> None:
    title = one_line(show.title) or show.slug
    author = one_line(show.author) or title
    _add(channel, "title", title)
    _add_html(channel, "description", html_paragraphs(paragraphs(show.description) or (title,)))
    _add(channel, "link", web_address(show.link) or site.page)
    _add(channel, _atom("link"), href=site.feed, rel="self", type="application/rss+xml")
    _add(channel, "language", show.language)
    if one_line(show.copyright):
        _add(channel, "copyright", one_line(show.copyright))
    _add(channel, "generator", "Podmill")
    if items:
        _add(channel, "lastBuildDate", rfc2822(moment(items[0].published_at)))
    image = etree.SubElement(channel, "image")
    _add(image, "url", cover_url)
    _add(image, "title", title)
    _add(image, "link", web_address(show.link) or site.page)
    _add(channel, _itunes("author"), author)
    email = one_line(show.owner_email)
    if email:
        owner = etree.SubElement(channel, _itunes("owner"))
        _add(owner, _itunes("name"), author)
        _add(owner, _itunes("email"), email)
    _add(channel, _itunes("image"), href=cover_url)
    category = _add(channel, _itunes("category"), text=show.category)
    if show.subcategory:
        _add(category, _itunes("category"), text=show.subcategory)
    _add(channel, _itunes("explicit"), str(show.explicit).lower())
    _add(channel, _itunes("type"), "episodic")
    _add(channel, _podcast("guid"), show.guid)
    # Locked asks other hosts not to import the feed unless the owner, whom only the address can prove, agrees.
    _add(channel, _podcast("locked"), "yes" if email else "no", **({"owner": email} if email else {}))
    _add(channel, _podcast("medium"), "podcast")
    _add(channel, _podcast("txt"), "true", purpose="ai-content")


def _item(element: Element, item: Item, audio: Artifact, show: ShowProfile, site: Site) -> None:
    folder_url = site.episode(item.folder)
    _add(element, "title", item.title)
    _add_html(element, "description", description(item, folder_url))
    _add(element, "link", folder_url)
    _add(element, "guid", item.guid, isPermaLink="false")
    _add(element, "pubDate", rfc2822(moment(item.published_at)))
    _add(
        element,
        "enclosure",
        url=folder_url + item.audio_name,
        length=str(audio.size_bytes),
        type=audio.media_type,
    )
    _add(element, _itunes("title"), item.title)
    _add(element, _itunes("duration"), str(max(1, round(item.duration_s))))
    _add(element, _itunes("episodeType"), "full")
    _add(element, _itunes("explicit"), str(show.explicit).lower())
    if item.own_artwork:
        _add(element, _itunes("image"), href=site.cover(item.cover))
    for key, media_type in _TRANSCRIPT_TYPES:
        captions = {"rel": "captions"} if key != "json" else {}
        url = folder_url + TRANSCRIPTS[key]
        _add(element, _podcast("transcript"), url=url, type=media_type, language=item.language, **captions)
    _add(element, _podcast("chapters"), url=folder_url + CHAPTERS, type="application/json+chapters")
    for name in item.speakers:
        _add(element, _podcast("person"), shorten(name, _PERSON_LENGTH_MAX), role="host", group="cast")
    _add(element, _podcast("txt"), "true", purpose="ai-content")


def _add(parent: Element, tag: str, content: str | None = None, /, **attributes: str) -> Element:
    element = etree.SubElement(parent, tag, attributes)
    element.text = content
    return element


def _add_html(parent: Element, tag: str, markup: str) -> None:
    # Every ">" of the text is escaped, so "]]>" cannot end the section.
    etree.SubElement(parent, tag).text = etree.CDATA(markup)


def _atom(tag: str) -> str:
    return f"{{{ATOM}}}{tag}"


def _itunes(tag: str) -> str:
    return f"{{{ITUNES}}}{tag}"


def _podcast(tag: str) -> str:
    return f"{{{PODCAST}}}{tag}"
