"""Reading a script that a person wrote: ``[S1]`` tags, ``Name:`` lines, or JSON."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from podmill.errors import InputError

SCRIPT_CHARACTERS_MAX = 400_000
"""Over six hours of speech."""
LINE_CHARACTERS_MAX = 10_000
"""Ten minutes by one speaker without a break: a script whose tags were lost."""
_TAG = re.compile(r"\[(S\d{1,2})\]", re.IGNORECASE)
_NAME = re.compile(
    r"(?:\*\*|__)?(?P<name>[^\W\d_][\w.'\u2019-]{0,39}(?: [\w.'\u2019-]{1,40}){0,3})(?:\*\*|__)?:(?:\*\*|__)?"
    r"\s+(?P<text>\S.*)"
)
_HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<title>\S.*)")
_FORMATS = "Write `[S1] text` or `Name: text`, one line a turn, or JSON with `lines`."


@dataclass(frozen=True, slots=True)
class ParsedLine:
    speaker: str
    """Tag in capitals (``S1``), or the name as written."""
    text: str
    number: int
    """Line of the file it starts on, or its place in the JSON list, from 1."""


@dataclass(frozen=True, slots=True)
class ParsedScript:
    name: str
    title: str | None
    chapters: tuple[tuple[str, int], ...]
    """Title and the index of the first line."""
    lines: tuple[ParsedLine, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        """In order of appearance."""
        return tuple(dict.fromkeys(line.speaker for line in self.lines))


def decode_script(data: bytes, *, name: str) -> str:
    """The bytes of a script file as text: UTF-8, or UTF-16 with its mark.

    Raises:
        InputError: these are not the bytes of a text.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        line = data[: exc.start].count(b"\n") + 1
        raise InputError(
            "This is not a text file.", action="Save the script as UTF-8 text.", file=name, line=line
        ) from exc
    for number, line_text in enumerate(text.split("\n"), start=1):
        if any(unicodedata.category(character) == "Cc" and character not in "\t\r\f" for character in line_text):
            raise InputError(
                "This is not a text file.", action="Save the script as UTF-8 text.", file=name, line=number
            )
    return text


class _Reader:
    """Collects lines as they are found."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.title: str | None = None
        self.chapters: list[tuple[str, int]] = []
        self.lines: list[ParsedLine] = []

    def error(self, message: str, number: int | None, *, field: str | None = None, action: str = "") -> InputError:
        return InputError(message, action=action, file=self.name, line=number, field=field)

    def heading(self, level: int, title: str) -> None:
        title = " ".join(title.strip(" #").split())
        if level == 1 and self.title is None and not self.lines:
            self.title = title
        elif self.chapters and self.chapters[-1][1] == len(self.lines):
            self.chapters[-1] = (title, len(self.lines))
        else:
            self.chapters.append((title, len(self.lines)))

    def say(self, speaker: str, text: str, number: int) -> None:
        text = " ".join(text.split())
        if not text:
            raise self.error(
                f"{speaker} says nothing here.", number, field="text", action="Write a text or drop the tag."
            )
        self.lines.append(ParsedLine(speaker, text, number))
        self._bound(self.lines[-1])

    def carry_on(self, text: str, number: int) -> None:
        """More of what the last speaker says."""
        if not self.lines:
            raise self.error("This text has no speaker.", number, field="speaker", action=_FORMATS)
        last = self.lines.pop()
        self.lines.append(ParsedLine(last.speaker, f"{last.text} {' '.join(text.split())}", last.number))
        self._bound(self.lines[-1])

    def _bound(self, line: ParsedLine) -> None:
        if len(line.text) > LINE_CHARACTERS_MAX:
            raise self.error(
                f"{line.speaker} speaks over {LINE_CHARACTERS_MAX:,} characters without a break.",
                line.number,
                field="text",
                action="Give each turn its own tag.",
            )

    def done(self) -> ParsedScript:
        chapters = [chapter for chapter in self.chapters if chapter[1] < len(self.lines)]
        return ParsedScript(self.name, self.title, tuple(chapters), tuple(self.lines))


def _read_tagged(reader: _Reader, text: str, number: int) -> None:
    before, *tagged = _TAG.split(text)
    if before.strip():
        reader.carry_on(before, number)
    for tag, said in zip(tagged[::2], tagged[1::2], strict=True):
        reader.say(tag.upper(), said, number)


def _read_named(reader: _Reader, text: str, number: int) -> None:
    match = _NAME.fullmatch(text)
    if match:
        reader.say(match["name"], match["text"], number)
    else:
        reader.carry_on(text, number)


def _lines_with_tags_joined(text: str) -> list[tuple[int, str]]:
    """Numbered lines; a tag alone on its line is joined with the text under it."""
    joined: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped:
            continue
        if joined and _TAG.fullmatch(joined[-1][1]) and not _TAG.match(stripped):
            joined[-1] = (joined[-1][0], f"{joined[-1][1]} {stripped}")
        else:
            joined.append((number, stripped))
    return joined


def _parse_text(text: str, reader: _Reader) -> None:
    read: Callable[[_Reader, str, int], None] = _read_tagged if _TAG.search(text) else _read_named
    for number, line in _lines_with_tags_joined(text):
        heading = _HEADING.fullmatch(line)
        if heading:
            reader.heading(len(heading["marks"]), heading["title"])
        else:
            read(reader, line, number)


def _json_field(row: Any, field: str, reader: _Reader, number: int) -> str:
    value = row.get(field) if isinstance(row, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise reader.error(f"Entry {number} of `lines` has no {field}.", number, field=f"lines[{number - 1}].{field}")
    return value.strip()


def _parse_json(text: str, reader: _Reader) -> None:
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as exc:
        line = exc.lineno if isinstance(exc, json.JSONDecodeError) else None
        raise reader.error("The script is not valid JSON.", line, action=_FORMATS) from exc
    rows = data.get("lines") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise reader.error("The script has no list of lines.", None, field="lines", action=_FORMATS)
    starts = _json_chapters(data.get("chapters") if isinstance(data, dict) else None, len(rows), reader)
    title = data.get("title") if isinstance(data, dict) else None
    reader.title = title.strip() if isinstance(title, str) and title.strip() else None
    for index, row in enumerate(rows):
        if index in starts:
            reader.chapters.append((starts[index], index))
        speaker = _json_field(row, "speaker", reader, index + 1)
        tag = _TAG.fullmatch(f"[{speaker.strip('[]')}]")
        reader.say(tag[1].upper() if tag else speaker, _json_field(row, "text", reader, index + 1), index + 1)


def _json_chapters(rows: Any, lines: int, reader: _Reader) -> dict[int, str]:
    if rows is None:
        return {}
    starts: dict[int, str] = {}
    for row in rows if isinstance(rows, list) else [rows]:
        title, first = (row.get("title"), row.get("first_line")) if isinstance(row, dict) else (None, None)
        if not isinstance(title, str) or not title.strip() or type(first) is not int or not 0 <= first < lines:
            raise reader.error(
                "A chapter needs `title` and `first_line`, the index of a line from 0.", None, field="chapters"
            )
        starts[first] = title.strip()
    return starts


def parse_script(text: str, *, name: str) -> ParsedScript:
    """The title, chapters and lines of a script.

    ``# Title`` names the episode and ``## Title`` a chapter; a line without a speaker goes on with the one before it.

    Args:
        name: what the file is called in messages.

    Raises:
        InputError: it is empty, too long, has no speakers or text without one; names file, line and field.
    """
    reader = _Reader(name)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise reader.error("The script is empty.", None, field="script", action=_FORMATS)
    if len(text) > SCRIPT_CHARACTERS_MAX:
        raise reader.error(
            f"The script has {len(text):,} characters; {SCRIPT_CHARACTERS_MAX:,} are allowed.",
            None,
            field="script",
            action="Split it into episodes.",
        )
    if text.lstrip().startswith("{") or re.match(r"\s*\[\s*[{\]]", text):
        _parse_json(text, reader)
    else:
        _parse_text(text, reader)
    script = reader.done()
    if not script.lines:
        raise reader.error("The script has no lines.", None, field="script", action=_FORMATS)
    return script
