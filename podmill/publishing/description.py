"""An episode's description in the feed: a little HTML, whole at any length."""

import html
from collections.abc import Sequence
from typing import Final

from podmill.publishing.item import Item, SourceLink
from podmill.publishing.text import clock, shorten

BYTES_MAX: Final = 4000
"""Apple: of channel and item descriptions (podcast-namespace, itunes_reference.md)."""
TAGS: Final = frozenset({"p", "ol", "ul", "li", "a", "b", "i", "strong", "em"})
"""What apps show of HTML (Apple; the last four PSP-1)."""
_SUMMARY_BYTES_MAX: Final = 1500


def description(item: Item, page_url: str) -> str:
    """Summary, chapters with their times, AI disclosure, sources, link to the notes: at most 4000 bytes of UTF-8.

    What does not fit is left out in whole: a cut chapter list would make players show wrong chapters.
    """
    notes = f'<p><a href="{html.escape(page_url)}">Show notes and transcript</a></p>'
    end = f"<p>{html.escape(item.disclosure)}</p>"
    room = BYTES_MAX - _bytes(notes) - _bytes(end)
    summary = html_paragraphs(item.summary or (item.title,), _SUMMARY_BYTES_MAX)
    room -= _bytes(summary)
    chapters = "".join(f"<p>{clock(each.start_s)} {html.escape(each.title)}</p>" for each in item.chapters)
    if _bytes(chapters) > room:
        chapters = ""
    return summary + chapters + end + _sources(item.sources, room - _bytes(chapters)) + notes


def html_paragraphs(parts: Sequence[str], limit: int = BYTES_MAX) -> str:
    """Plain text as HTML paragraphs of at most ``limit`` bytes; a first paragraph that is longer is cut."""
    whole = ""
    for part in parts:
        longer = whole + f"<p>{html.escape(part)}</p>"
        if _bytes(longer) > limit:
            return whole or _cut(part, limit)
        whole = longer
    return whole


def _cut(text: str, limit: int) -> str:
    length = len(text)
    while _bytes(f"<p>{html.escape(shorten(text, length))}</p>") > limit:
        length = length * 9 // 10
    return f"<p>{html.escape(shorten(text, length))}</p>"


def _sources(sources: tuple[SourceLink, ...], room: int) -> str:
    frame = "<p>Sources:</p><ul></ul>"
    room -= _bytes(frame)
    entries = ""
    for source in sources:
        title = html.escape(source.title)
        entry = f'<li><a href="{html.escape(source.url)}">{title}</a></li>' if source.url else f"<li>{title}</li>"
        if _bytes(entries + entry) > room:
            break
        entries += entry
    return frame.replace("<ul>", f"<ul>{entries}") if entries else ""


def _bytes(text: str) -> int:
    return len(text.encode())
