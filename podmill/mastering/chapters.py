"""Chapters: when each begins and ends in the master."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from models.master import AdTime, ChapterTime
from models.recording import Recording
from models.script import Script

VERSION = "1.2.0"
"""Of the Podcasting 2.0 JSON chapters format."""


@dataclass(frozen=True, slots=True)
class HeardChapter:
    """A chapter of a script, and where its lines are in a recording."""

    number: int
    """In the script, from 0."""
    title: str
    start_s: float
    end_s: float


def heard_chapters(script: Script, recording: Recording) -> list[HeardChapter]:
    """Those of which a line is heard, and later than what is heard of the one before."""
    found: list[HeardChapter] = []
    for number, chapter in enumerate(script.chapters):
        following = script.chapters[number + 1].first_line if number + 1 < len(script.chapters) else len(script.lines)
        lines = [line for line in recording.lines if chapter.first_line <= line.index < following]
        start_s = min((line.start_s for line in lines), default=0.0)
        if lines and (not found or start_s > found[-1].start_s):
            title = " ".join(chapter.title.split()) or f"Chapter {len(found) + 1}"
            found.append(HeardChapter(number, title, start_s, max(line.end_s for line in lines)))
    return found


def chapter_times(
    script: Script,
    recording: Recording,
    duration_s: float,
    *,
    leads: Mapping[int, float] | None = None,
    ads: Sequence[AdTime] = (),
) -> tuple[ChapterTime, ...]:
    """The chapters of the master, to the millisecond: those of the script that are heard, and the ads between them.

    The first begins at 0, or after the ads before it; each ends where the next begins, the last ends at ``duration_s``.

    Args:
        recording: with the times of its lines as they are in the master.
        leads: by number of the chapter in the script, from 0: where it begins, if that is not its first line.
    """
    heard = heard_chapters(script, recording)
    at = {chapter.number: chapter.start_s for chapter in heard} | ({heard[0].number: 0.0} if heard else {})
    at |= leads or {}
    starts = [(ad.start_s, ad.title) for ad in ads]
    starts += [(at[chapter.number], chapter.title) for chapter in heard]
    starts = sorted((round(start_s, 3), title) for start_s, title in starts if start_s < duration_s)
    # Of two that would begin together only the later is heard.
    return tuple(
        ChapterTime(title=title, start_s=start_s, end_s=end_s)
        for (start_s, title), (end_s, _) in pairwise([*starts, (round(duration_s, 3), "")])
        if start_s < end_s
    )


def chapters_json(chapters: tuple[ChapterTime, ...]) -> bytes:
    """The file that ``podcast:chapters`` points to."""
    entries = [{"startTime": item.start_s, "endTime": item.end_s, "title": item.title} for item in chapters]
    return json.dumps({"version": VERSION, "chapters": entries}, ensure_ascii=False, indent=1).encode()
