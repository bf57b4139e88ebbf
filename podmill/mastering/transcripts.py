"""Transcripts as WebVTT, SubRip and Podcasting 2.0 JSON, from the script's words and the recording's clock."""

import html
import json
import textwrap
import unicodedata
from dataclasses import dataclass

from models.recording import Recording
from models.script import Script

VTT_COLUMNS = 65
"""Advised for podcast transcripts; two lines a cue."""
SRT_COLUMNS = 32
"""Apple's advice for SRT; two lines a cue."""
CUE_LINES = 2
JSON_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of the script as it is heard; times in milliseconds."""

    speaker: str
    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Cue:
    """What a player shows at once."""

    rows: tuple[str, ...]
    start_ms: int
    end_ms: int


def segments(script: Script, recording: Recording) -> tuple[Segment, ...]:
    """The lines that are heard and have text, in the order they are heard, none over the next."""
    texts = {line.index: line for line in script.lines}
    found: list[Segment] = []
    for time in sorted(recording.lines, key=lambda line: (line.start_s, line.index)):
        line = texts.get(time.index)
        text = _plain(line.text) if line else ""
        if line is None or not text:
            continue
        start_ms = max(round(time.start_s * 1000), found[-1].end_ms if found else 0)
        end_ms = max(round(time.end_s * 1000), start_ms + 1)
        found.append(Segment(_plain(script.speakers.get(line.speaker, line.speaker)), text, start_ms, end_ms))
    return tuple(found)


def vtt(parts: tuple[Segment, ...]) -> bytes:
    """WebVTT with voice tags. Nothing in the text can act as markup."""
    blocks = ["WEBVTT"]
    for part in parts:
        voice = f"<v {html.escape(part.speaker, quote=False)}>"
        for cue in _cues(part, part.text, VTT_COLUMNS):
            rows = "\n".join(html.escape(row, quote=False) for row in cue.rows)
            blocks.append(f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{voice}{rows}")
    return ("\n\n".join(blocks) + "\n").encode()


def srt(parts: tuple[Segment, ...]) -> bytes:
    """SubRip; the speaker's name stands before the first words after a change of speaker."""
    blocks: list[str] = []
    before = None
    for part in parts:
        # The format has no escapes; an arrow is the one thing its readers look for in text.
        text = part.text.replace("-->", "->")
        if part.speaker != before:
            text = f"{part.speaker.replace('-->', '->')}: {text}"
        before = part.speaker
        for cue in _cues(part, text, SRT_COLUMNS):
            clock = f"{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}"
            blocks.append("\n".join((str(len(blocks) + 1), clock, *cue.rows)))
    return ("\n\n".join(blocks) + "\n").encode()


def transcript_json(parts: tuple[Segment, ...]) -> bytes:
    """The JSON form of the podcast namespace, one segment a line of the script."""
    entries = [
        {
            "speaker": part.speaker,
            "startTime": part.start_ms / 1000,
            "endTime": part.end_ms / 1000,
            "body": part.text,
        }
        for part in parts
    ]
    return json.dumps({"version": JSON_VERSION, "segments": entries}, ensure_ascii=False, indent=1).encode()


def plain(script: Script) -> bytes:
    """The words of an episode that nobody speaks: chapters and speakers, without times."""
    blocks = [_plain(script.title)]
    titles = {chapter.first_line: _plain(chapter.title) for chapter in script.chapters}
    for line in script.lines:
        text = _plain(line.text)
        blocks += [f"# {titles[line.index]}"] if titles.get(line.index) else []
        blocks += [f"{_plain(script.speakers.get(line.speaker, line.speaker))}: {text}"] if text else []
    return ("\n\n".join(blocks) + "\n").encode()


def _cues(part: Segment, text: str, columns: int) -> list[Cue]:
    """The text in pieces of two rows; each gets time by its share of the characters."""
    rows = textwrap.wrap(text, columns, break_on_hyphens=False)
    pieces = [tuple(rows[first : first + CUE_LINES]) for first in range(0, len(rows), CUE_LINES)]
    sizes = [sum(map(len, piece)) for piece in pieces]
    length_ms = part.end_ms - part.start_ms
    cues: list[Cue] = []
    start_ms = part.start_ms
    for number, piece in enumerate(pieces, 1):
        end_ms = max(part.start_ms + length_ms * sum(sizes[:number]) // sum(sizes), start_ms + 1)
        cues.append(Cue(piece, start_ms, end_ms))
        start_ms = end_ms
    return cues


def _plain(text: str) -> str:
    """On one line, without control characters."""
    kept = "".join(" " if char.isspace() else char for char in text if char.isspace() or _printable(char))
    return " ".join(kept.split())


def _printable(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs"}


def _clock(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
