"""Chapters: when each begins and ends in the master."""

import json

from models.master import ChapterTime
from models.recording import Recording
from models.script import Script

VERSION = "1.2.0"
"""Of the Podcasting 2.0 JSON chapters format."""


def chapter_times(script: Script, recording: Recording, duration_s: float) -> tuple[ChapterTime, ...]:
    """The script's chapters on the clock of the recording, to the millisecond.

    The first begins at 0, each ends where the next begins, the last ends at ``duration_s``. A chapter none of whose
    lines is heard has no time, and is left out.
    """
    starts: list[tuple[float, str]] = []
    for number, chapter in enumerate(script.chapters):
        following = script.chapters[number + 1].first_line if number + 1 < len(script.chapters) else len(script.lines)
        heard = [line.start_s for line in recording.lines if chapter.first_line <= line.index < following]
        start_s = round(min(heard, default=duration_s), 3) if starts else 0.0
        if heard and start_s < duration_s and (not starts or start_s > starts[-1][0]):
            starts.append((start_s, " ".join(chapter.title.split()) or f"Chapter {len(starts) + 1}"))
    ends = [start_s for start_s, _ in starts[1:]] + [round(duration_s, 3)]
    return tuple(
        ChapterTime(title=title, start_s=start_s, end_s=end_s)
        for (start_s, title), end_s in zip(starts, ends, strict=False)
    )


def chapters_json(chapters: tuple[ChapterTime, ...]) -> bytes:
    """The file that ``podcast:chapters`` points to."""
    entries = [{"startTime": item.start_s, "endTime": item.end_s, "title": item.title} for item in chapters]
    return json.dumps({"version": VERSION, "chapters": entries}, ensure_ascii=False, indent=1).encode()
