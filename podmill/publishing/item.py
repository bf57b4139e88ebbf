"""The record of one published episode. Feed and pages are made of these, and of nothing that is not in the folder."""

from typing import Any, Final

from pydantic import Field

from models.documents import Artifact, Document
from models.master import ChapterTime, TextEdition
from models.release import Release
from models.script import Script
from podmill.publishing.text import one_line, paragraphs, shorten, web_address

RECORD: Final = "item.json"
_TITLE_LENGTH_MAX: Final = 255
_DISCLOSURES: Final = {
    "offline": "This episode was put together automatically from the sources listed; its voices are AI-generated.",
    "ready-made": "The voices in this episode are AI-generated.",
}
_DISCLOSURE: Final = "This episode was written with AI, and its voices are AI-generated."
_WRITTEN: Final = {
    "offline": "This episode was put together automatically from the sources listed.",
    "ready-made": "",
}
_WRITTEN_BY_AI: Final = "This episode was written with AI."
_TEXT_ONLY: Final = "Text only: this episode has no audio, because {why}. It may be added later."
_WHY: Final = {
    **dict.fromkeys(("voice",), "there was no voice for it"),
    **dict.fromkeys(("configuration", "missing_extra"), "its voices were not set up"),
    **dict.fromkeys(("refused", "too_long", "speech"), "its voices could not speak it"),
}
"""Of the code of the error: what listeners may know. What a provider said is for the people who make the show."""
_WHY_ELSE: Final = "its voices were not available"


class SourceLink(Document):
    """A cited source as listeners see it. The path a person named it by stays private."""

    title: str
    url: str | None = None
    author: str | None = None
    date: str | None = None


class Item(Document):
    """Everything the feed says of an episode. All text is on one line and fit for XML."""

    guid: str
    folder: str = Field(pattern=r"^[a-z0-9-]+$")
    published_at: str
    """ISO 8601, UTC."""
    title: str
    summary: tuple[str, ...]
    """Paragraphs."""
    disclosure: str
    """What a listener is told about AI."""
    language: str
    audio: Artifact | None
    """None: text only."""
    audio_name: str = Field(pattern=r"^([a-z0-9-]+\.[a-z0-9]+)?$")
    duration_s: float
    text_only: str = ""
    """Why there is no audio, for a listener."""
    cover: Artifact
    own_artwork: bool
    """The cover is this episode's, not the show's."""
    chapters: tuple[ChapterTime, ...]
    speakers: tuple[str, ...]
    sources: tuple[SourceLink, ...]


def item_of(release: Release, folder: str) -> Item:
    """The record of a release that is published in a folder of that name."""
    script, master = release.script, release.master
    if isinstance(master, TextEdition):
        heard: dict[str, Any] = {
            "disclosure": _WRITTEN.get(script.writer, _WRITTEN_BY_AI),
            "audio": None,
            "audio_name": "",
            "duration_s": 0.0,
            "text_only": _TEXT_ONLY.format(why=_WHY.get(master.code, _WHY_ELSE)),
            "chapters": (),
        }
    else:
        heard = {
            "disclosure": disclosure(script),
            "audio": master.audio,
            "audio_name": f"{folder.rpartition('-')[0]}{master.audio.suffix or '.mp3'}",
            "duration_s": master.duration_s,
            "chapters": tuple(
                ChapterTime(title=one_line(each.title), start_s=each.start_s, end_s=each.end_s)
                for each in master.chapters
            ),
        }
    return Item(
        guid=release.guid,
        folder=folder,
        published_at=release.published_at,
        title=shorten(one_line(script.title), _TITLE_LENGTH_MAX) or "Untitled",
        summary=paragraphs(script.summary),
        language=script.language,
        cover=master.cover,
        own_artwork=release.brief.artwork is not None,
        speakers=tuple(dict.fromkeys(one_line(name) for name in script.speakers.values() if one_line(name))),
        sources=source_links(script),
        **heard,
    )


def disclosure(script: Script) -> str:
    """Apple and Podcasting 2.0 ask for it; it says no more than is true of how the script was written."""
    return _DISCLOSURES.get(script.writer, _DISCLOSURE)


def source_links(script: Script) -> tuple[SourceLink, ...]:
    """The sources of a script in the order of their citation numbers."""
    return tuple(
        SourceLink(
            title=shorten(one_line(source.title), 200) or "Untitled source",
            url=web_address(source.url),
            author=one_line(source.author or "") or None,
            date=one_line(source.date or "") or None,
        )
        for source in script.sources
    )
