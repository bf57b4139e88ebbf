"""The pages listeners see: a show's, and one with the notes of each episode. No inline script or style."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.dossier import Fact
from models.release import Release
from models.show import ShowProfile
from podmill.errors import PublishError
from podmill.publishing.addresses import WORDS, Site, cover_name
from podmill.publishing.feed import newest_first, show_cover
from podmill.publishing.item import Item, SourceLink
from podmill.publishing.text import moment, one_line, paragraphs, shorten

TEMPLATES: Final = Path(__file__).parent / "templates"
ASSET_FILES: Final = tuple(sorted((Path(__file__).parent / "assets").iterdir()))
"""What every page uses, and must be served beside the shows."""
_PASSAGE_LENGTH_MAX: Final = 400
_VOICE_COLOURS: Final = 4
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class _Segment(BaseModel):
    """One entry of the transcript file."""

    model_config = ConfigDict(frozen=True)

    start_s: float = Field(alias="startTime", ge=0)
    body: str


class _Transcript(BaseModel):
    segments: tuple[_Segment, ...]


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A line of the script as the page shows it."""

    speaker: str
    voice: int
    """Picks the speaker's colour, from 1."""
    text: str
    start_s: float | None
    citations: tuple[int, ...]
    """Numbers of sources, from 1."""


@dataclass(frozen=True, slots=True)
class SpokenChapter:
    title: str
    lines: tuple[SpokenLine, ...]


@dataclass(frozen=True, slots=True)
class CitedSource:
    link: SourceLink
    passages: tuple[str, ...]
    """What the episode relies on, in the source's own words."""


@cache
def environment(*folders: Path) -> Environment:
    """Jinja2 as all pages use it: everything escaped, nothing undefined passed over."""
    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"day": _day, "time": _time, "length_of_time": _length_of_time}
    return made


def show_page(show: ShowProfile, items: Sequence[Item], site: Site) -> bytes:
    """The page of a show with at least one item: what it is, where its feed is, its episodes newest first."""
    cover = show_cover(items)
    return _render(
        "show.html.j2",
        language=show.language,
        root="../",
        show=_named(show),
        description=paragraphs(show.description),
        items=newest_first(items),
        cover_name=cover_name(cover),
        cover_url=site.cover(cover),
    )


def notes_page(release: Release, item: Item, transcript: bytes | None, site: Site) -> bytes:
    """The page of an episode: player, chapters, transcript with a citation at each line, sources.

    Args:
        transcript: the episode's JSON transcript, for the time of each line. None: it is text only.

    Raises:
        PublishError: that is not a JSON transcript.
    """
    return _render(
        "notes.html.j2",
        language=item.language,
        root="../../../",
        home="../../",
        show=_named(release.show),
        item=item,
        cover_name=cover_name(item.cover),
        cover_url=site.cover(item.cover),
        audio_url=site.episode(item.folder) + item.audio_name if item.audio else None,
        words_name=WORDS,
        transcript=_chapters(release, transcript),
        sources=_sources(release, item),
    )


def _render(template: str, **values: Any) -> bytes:
    return environment().get_template(template).render(values).encode()


def _named(show: ShowProfile) -> ShowProfile:
    return show.model_copy(
        update={
            "title": one_line(show.title) or show.slug,
            "author": one_line(show.author),
            "copyright": one_line(show.copyright),
        }
    )


def _chapters(release: Release, transcript: bytes | None) -> tuple[SpokenChapter, ...]:
    script = release.script
    numbers = {source.id: number for number, source in enumerate(script.sources, 1)}
    voices = {tag: index % _VOICE_COLOURS + 1 for index, tag in enumerate(script.speakers)}
    lines: dict[int, list[SpokenLine]] = {}
    for line, start_s in zip(script.lines, _starts(release, transcript), strict=True):
        lines.setdefault(line.chapter, []).append(
            SpokenLine(
                speaker=one_line(script.speakers.get(line.speaker, line.speaker)),
                voice=voices.get(line.speaker, 1),
                text=one_line(line.text),
                start_s=start_s,
                citations=tuple(sorted({numbers[source] for source in line.sources if source in numbers})),
            )
        )
    titles = {index: one_line(chapter.title) for index, chapter in enumerate(script.chapters)}
    return tuple(SpokenChapter(titles.get(index, ""), tuple(spoken)) for index, spoken in lines.items())


def _starts(release: Release, transcript: bytes | None) -> list[float | None]:
    """When each line of the script is heard; None for one that the transcript leaves out."""
    if transcript is None:
        return [None] * len(release.script.lines)
    try:
        heard = _Transcript.model_validate_json(transcript).segments
    except ValidationError as exc:
        raise PublishError(
            "The episode's JSON transcript cannot be read.", action="Retry the episode from the loudness step."
        ) from exc
    written = [one_line(line.text) for line in release.script.lines]
    starts: list[float | None] = [None] * len(written)
    same = SequenceMatcher(None, written, [one_line(segment.body) for segment in heard], autojunk=False)
    for block in same.get_matching_blocks():
        for offset in range(block.size):
            starts[block.a + offset] = heard[block.b + offset].start_s
    return starts


def _sources(release: Release, item: Item) -> tuple[CitedSource, ...]:
    cited = {fact for line in release.script.lines for fact in line.facts}
    passages: dict[str, list[str]] = {}
    for fact in release.dossier.facts if release.dossier else ():
        if fact.id in cited:
            quote = shorten(_quote(fact), _PASSAGE_LENGTH_MAX)
            if quote not in passages.setdefault(fact.source_id, []):
                passages[fact.source_id].append(quote)
    return tuple(
        CitedSource(link, tuple(passages.get(source.id, ())))
        for source, link in zip(release.script.sources, item.sources, strict=True)
    )


def _quote(fact: Fact) -> str:
    """The sentence, or, of a claim about the source in other words, the passage that bears it out."""
    text, passage = one_line(fact.text), one_line(fact.passage)
    return text if text in passage else passage


def _day(iso: str) -> str:
    date = moment(iso)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def _time(time_s: float) -> str:
    """``1:05`` or ``1:01:05``."""
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


def _length_of_time(duration_s: float) -> str:
    if duration_s < 60:
        return f"{max(1, round(duration_s))} s"
    minutes = round(duration_s / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
