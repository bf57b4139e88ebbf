"""The writer that takes a script as a person wrote it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from models.brief import Brief, CastMember
from models.dossier import Dossier
from models.script import Chapter, Line, Script
from podmill.context import StepContext
from podmill.errors import InputError, ScriptError
from podmill.scripting.pace import NO_RATES, Rates, speaking_s
from podmill.scripting.script_text import ParsedScript, decode_script, parse_script
from podmill.scripting.sentences import split_long
from podmill.scripting.spoken import to_spoken
from podmill.scripting.writer import WriterCapabilities

__all__ = ["ReadyMadeWriter", "assign_speakers", "check_script", "decode_script", "parse_script"]

_SUMMARY_CHARACTERS = 200


def assign_speakers(parsed: ParsedScript, cast: Sequence[CastMember]) -> dict[str, CastMember]:
    """Who speaks for each speaker of the script.

    A tag must be in the cast. A name goes to the cast member of that name or tag, else to the next one who has nothing
    to say yet.

    Raises:
        InputError: a tag is not in the cast, or the script has more speakers than the cast; names the line.
    """
    known = {member.speaker.casefold(): member for member in cast} | {member.name.casefold(): member for member in cast}
    speakers = {name: known[name.casefold()] for name in parsed.speakers if name.casefold() in known}
    free = [member for member in cast if member not in speakers.values()]
    for name in parsed.speakers:
        if name in speakers:
            continue
        is_tag = name[:1] == "S" and name[1:].isdigit()
        if is_tag or not free:
            line = next(line.number for line in parsed.lines if line.speaker == name)
            tags = ", ".join(f"{member.speaker} ({member.name})" for member in cast)
            raise InputError(
                f"{name!r} is not in the cast." if is_tag else f"No cast member is left for the speaker {name!r}.",
                action=f"The cast is {tags or 'empty'}: correct the script or add to `cast`.",
                file=parsed.name,
                line=line,
                field="speaker",
            )
        speakers[name] = free.pop(0)
    return speakers


def check_script(text: str | bytes, *, name: str, cast: Sequence[CastMember]) -> ParsedScript:
    """Whether a script can be spoken by a cast; for use before anything is queued.

    Raises:
        InputError: it cannot; names file, line and field.
    """
    parsed = parse_script(decode_script(text, name=name) if isinstance(text, bytes) else text, name=name)
    assign_speakers(parsed, cast)
    return parsed


class ReadyMadeWriter:
    """Changes no word. Long turns become several lines of the same speaker, so that each can be repaired by itself."""

    capabilities: ClassVar = WriterCapabilities(needs_dossier=False, languages=None, speakers_max=10, paid=False)

    def write(
        self,
        brief: Brief,
        dossier: Dossier | None,  # noqa: ARG002 - Protocol
        context: StepContext,
        rates: Rates = NO_RATES,
    ) -> Script:
        source = brief.script
        if source is None or source.artifact is None:
            raise ScriptError("The brief has no ready-made script.", action="Name a file under `script`.")
        text = decode_script(context.store.path(source.artifact).read_bytes(), name=source.name)
        parsed, silent = _sayable(parse_script(text, name=source.name), brief.language)
        if not parsed.lines:
            raise ScriptError("Nothing in the script can be said aloud.", action="Write it in words.")
        speakers = assign_speakers(parsed, brief.cast)
        lines, first = _lines(parsed, speakers, brief.language)
        title = brief.title or parsed.title or brief.topic or brief.subject
        # A person who names a speaker in the script wants listeners to know that name.
        named = {member.speaker: name for name, member in speakers.items() if name != member.speaker}
        return Script(
            title=title,
            summary=brief.summary or _summary(parsed),
            language=brief.language,
            chapters=_chapters(parsed, first, title),
            lines=tuple(lines),
            speakers={member.speaker: named.get(member.speaker, member.name) for member in speakers.values()},
            writer="ready-made",
            estimated_s=round(speaking_s(lines, rates), 1),
            warnings=tuple(f"{source.name}:{number}: nothing here can be said aloud; left out." for number in silent),
        )


def _sayable(parsed: ParsedScript, language: str) -> tuple[ParsedScript, list[int]]:
    """The script without lines a voice cannot say (a picture, a rule), and where those were."""
    kept = [bool(to_spoken(line.text, language)) for line in parsed.lines]
    silent = [line.number for line, keep in zip(parsed.lines, kept, strict=True) if not keep]
    moved = ((title, sum(kept[:at])) for title, at in parsed.chapters)
    chapters = {at: title for title, at in moved if at < sum(kept)}
    lines = tuple(line for line, keep in zip(parsed.lines, kept, strict=True) if keep)
    return replace(parsed, chapters=tuple((title, at) for at, title in chapters.items()), lines=lines), silent


def _lines(parsed: ParsedScript, speakers: dict[str, CastMember], language: str) -> tuple[list[Line], list[int]]:
    """The lines, and for each parsed line the index of its first one."""
    starts = {at: number for number, (_, at) in enumerate(_with_start(parsed))}
    lines: list[Line] = []
    first: list[int] = []
    chapter = 0
    for position, said in enumerate(parsed.lines):
        chapter = starts.get(position, chapter)
        first.append(len(lines))
        for piece in split_long(said.text):
            spoken = to_spoken(piece, language)
            if spoken:
                speaker = speakers[said.speaker].speaker
                lines.append(Line(index=len(lines), speaker=speaker, text=piece, spoken=spoken, chapter=chapter))
    return lines, first


def _with_start(parsed: ParsedScript) -> list[tuple[str | None, int]]:
    """Chapters, with one for the lines before the first heading; its title is that of the episode."""
    chapters: list[tuple[str | None, int]] = list(parsed.chapters)
    return chapters if chapters and chapters[0][1] == 0 else [(None, 0), *chapters]


def _chapters(parsed: ParsedScript, first: list[int], title: str) -> tuple[Chapter, ...]:
    return tuple(Chapter(title=name or title, first_line=first[at]) for name, at in _with_start(parsed))


def _summary(parsed: ParsedScript) -> str:
    """The first words said, as a person would quote them."""
    text = parsed.lines[0].text
    return text if len(text) <= _SUMMARY_CHARACTERS else f"{text[:_SUMMARY_CHARACTERS].rsplit(' ', 1)[0]} ..."
