"""The feed linter: what Apple's guide, PSP-1 and the podcast namespace ask for.

Rules and limits: podcast-namespace ``itunes_reference.md`` (an archive of Apple's guide) and ``docs/tags``;
Podcast-Standards-Project PSP-1.
"""

import email.utils
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from lxml import etree, html

from podmill.publishing.categories import category_problem
from podmill.publishing.description import BYTES_MAX, TAGS
from podmill.publishing.feed import NAMESPACES
from podmill.publishing.text import web_address

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AUDIO: Final = {"audio/mpeg": (".mp3",), "audio/x-m4a": (".m4a",), "audio/mp4": (".m4a",)}
_TRANSCRIPTS: Final = {"text/vtt", "application/x-subrip", "application/json", "text/html", "text/plain"}
_CHANNEL_REQUIRED: Final = ("title", "description", "language", "link")

Element = Any


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a directory or an app will object to."""

    level: Literal["error", "warning"]
    """An error keeps the show or an episode out of a directory; a warning costs it something."""
    where: str
    """``channel``, or ``item`` and its guid or place."""
    message: str


def lint(feed: bytes) -> list[Finding]:
    """Everything wrong with a feed; empty when nothing is."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(feed, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        return [Finding("error", "document", f"not well-formed XML: {exc}")]
    channels = root.findall("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or len(channels) != 1:
        return [Finding("error", "document", "not an RSS 2.0 document with one channel")]
    channel = channels[0]
    items = channel.findall("item")
    findings = [Finding("error", "channel", message) for message in _channel_errors(channel)]
    findings += [Finding("warning", "channel", message) for message in _channel_warnings(channel, items)]
    for position, item in enumerate(items, 1):
        where = f"item {_text(item, 'guid') or position}"
        findings += [Finding("error", where, message) for message in _item_errors(item)]
        findings += [Finding("warning", where, message) for message in _item_warnings(item)]
    findings += [Finding("error", "channel", message) for message in _repeated(items)]
    return findings


def _channel_errors(channel: Element) -> Iterator[str]:
    for tag in _CHANNEL_REQUIRED:
        if not _text(channel, tag):
            yield f"{tag} is missing"
    yield from _description_errors(channel)
    if not _LANGUAGE.fullmatch(_text(channel, "language")):
        yield f"language {_text(channel, 'language')!r} is not a language code"
    if _text(channel, "itunes:explicit") not in ("true", "false"):
        yield "itunes:explicit must be true or false"
    yield from _image_errors(channel, required=True)
    yield from _category_errors(channel)
    if not web_address(_attribute(channel, "atom:link[@rel='self']", "href")):
        yield "atom:link to the feed itself is missing"
    yield from _namespace_errors(channel)


def _category_errors(channel: Element) -> Iterator[str]:
    category = channel.find("itunes:category", NAMESPACES)
    if category is None:
        yield "itunes:category is missing"
        return
    inner = category.find("itunes:category", NAMESPACES)
    if problem := category_problem(category.get("text", ""), None if inner is None else inner.get("text", "")):
        yield problem


def _namespace_errors(channel: Element) -> Iterator[str]:
    guid = _text(channel, "podcast:guid")
    try:
        uuid.UUID(guid)
    except ValueError:
        yield f"podcast:guid {guid!r} is not a UUID"
    if _text(channel, "podcast:locked") not in ("yes", "no"):
        yield "podcast:locked must be yes or no"


def _channel_warnings(channel: Element, items: list[Element]) -> Iterator[str]:
    if not items:
        yield "there is no item"
    if not _text(channel, "itunes:author"):
        yield "itunes:author is missing"
    if _text(channel, "itunes:owner/itunes:email") == "":
        yield "itunes:owner has no e-mail address: Spotify and others need one to prove who owns the show"
    dates = [_date(item) for item in items]
    known = [date for date in dates if date is not None]
    if known != sorted(known, reverse=True):
        yield "items are not in order, newest first"


def _item_errors(item: Element) -> Iterator[str]:
    for tag in ("title", "guid"):
        if not _text(item, tag):
            yield f"{tag} is missing"
    yield from _description_errors(item)
    yield from _image_errors(item, required=False)
    yield from _enclosure_errors(item.findall("enclosure"))
    yield from _date_errors(item)
    if not re.fullmatch(r"[1-9][0-9]*", _text(item, "itunes:duration")):
        yield "itunes:duration must be whole seconds"
    for transcript in item.findall("podcast:transcript", NAMESPACES):
        if not web_address(transcript.get("url")) or transcript.get("type") not in _TRANSCRIPTS:
            yield "podcast:transcript needs an address and a known type"
    for chapters in item.findall("podcast:chapters", NAMESPACES):
        if not web_address(chapters.get("url")) or chapters.get("type") != "application/json+chapters":
            yield "podcast:chapters needs an address and the type application/json+chapters"


def _item_warnings(item: Element) -> Iterator[str]:
    if not _text(item, "description"):
        yield "description is missing"
    if item.find("podcast:transcript", NAMESPACES) is None:
        yield "podcast:transcript is missing"
    if not _text(item, "podcast:txt[@purpose='ai-content']"):
        yield "podcast:txt does not say whether AI made it"


def _enclosure_errors(enclosures: list[Element]) -> Iterator[str]:
    if len(enclosures) != 1:
        yield f"{len(enclosures)} enclosures instead of one"
        return
    enclosure = enclosures[0]
    address, media_type = web_address(enclosure.get("url")), enclosure.get("type", "")
    if not address:
        yield "the enclosure has no usable address"
    elif media_type not in _AUDIO:
        yield f"the enclosure's type {media_type!r} is not one that podcast apps play"
    elif not urlsplit(address).path.endswith(_AUDIO[media_type]):
        yield f"the enclosure's file name does not end as {media_type} does"
    if not re.fullmatch(r"[1-9][0-9]*", enclosure.get("length", "")):
        yield "the enclosure's length must be its size in bytes"


def _date_errors(item: Element) -> Iterator[str]:
    written, date = _text(item, "pubDate"), _date(item)
    if date is None:
        yield f"pubDate {written!r} is not a date (RFC 2822)"
    elif not written.startswith(_DAYS[date.weekday()]):
        yield f"pubDate {written!r} names the wrong day of the week"


def _description_errors(element: Element) -> Iterator[str]:
    markup = _text(element, "description")
    if len(markup.encode()) > BYTES_MAX:
        yield f"description is over {BYTES_MAX} bytes"
    if markup:
        unknown = {str(node.tag) for node in html.fragment_fromstring(markup, create_parent="div").iterdescendants()}
        if unknown - TAGS:
            yield f"description uses HTML that apps refuse: {', '.join(sorted(unknown - TAGS))}"


def _image_errors(element: Element, *, required: bool) -> Iterator[str]:
    if not required and element.find("itunes:image", NAMESPACES) is None:
        return
    address = web_address(_attribute(element, "itunes:image", "href"))
    if not address or not urlsplit(address).path.lower().endswith((".jpg", ".jpeg", ".png")):
        yield "itunes:image must be the address of a .jpg or .png picture"


def _repeated(items: list[Element]) -> Iterator[str]:
    for what, values in (
        ("guid", [_text(item, "guid") for item in items]),
        ("enclosure", [_attribute(item, "enclosure", "url") for item in items]),
    ):
        for value, count in Counter(values).items():
            if value and count > 1:
                yield f"{count} items share the {what} {value}"


def _date(item: Element) -> Any:
    try:
        return email.utils.parsedate_to_datetime(_text(item, "pubDate"))
    except ValueError:
        return None


def _text(element: Element, path: str) -> str:
    return (element.findtext(path, "", NAMESPACES) or "").strip()


def _attribute(element: Element, path: str, name: str) -> str:
    found = element.find(path, NAMESPACES)
    return "" if found is None else found.get(name, "")
