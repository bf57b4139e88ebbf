"""From a row to an episode request: every field checked now, so that nothing fails an hour later for a typing error."""

from collections.abc import Mapping
from typing import Final

from models.brief import CastMember
from podmill.briefs import fields
from podmill.briefs.attachments import Attachments, script_text
from podmill.briefs.fallback import FALLBACK_FIELDS, read_fallback
from podmill.briefs.identity import episode_key
from podmill.briefs.nodes import Node
from podmill.briefs.quality import QUALITY_FIELDS, read_quality
from podmill.briefs.records import CastRequest, EpisodeRequest, FileRequest
from podmill.errors import InputError, PodmillError
from podmill.settings import Settings

CONTENT_FIELDS: Final = ("id", "topic", "title", "summary", "sources", "script", "artwork")
DEFAULT_FIELDS: Final = (
    "minutes",
    "language",
    "cast",
    "engine",
    "writer",
    "research",
    *FALLBACK_FIELDS,
    *QUALITY_FIELDS,
)
"""What ``defaults`` of a batch may state for all its episodes, besides ``sources`` and ``artwork``."""
ROW_FIELDS: Final = (*CONTENT_FIELDS, *DEFAULT_FIELDS)
SOURCES_MAX: Final = 100
SPEAKERS_MAX: Final = 10


class RowReader:
    """Reads the rows of one file; what many rows share is checked once."""

    def __init__(self, file: str, attachments: Attachments, settings: Settings) -> None:
        self.file = file
        self.attachments = attachments
        self.settings = settings
        self._casts: dict[object, tuple[CastMember, ...] | PodmillError] = {}

    def read(self, row: Mapping[str, Node], *, line: int | None, show: str, show_language: str) -> EpisodeRequest:
        """The episode that a row asks for.

        Args:
            row: its fields, the defaults among them.
            line: where it begins.
            show: slug.
            show_language: what the episode speaks when the row does not say.

        Raises:
            InputError: the row cannot be taken; names the line and, where one is to blame, the field.
        """
        request = EpisodeRequest(
            key="",
            show=show,
            id=fields.one_line(row.get("id"), "id"),
            topic=fields.one_line(row.get("topic"), "topic"),
            title=fields.one_line(row.get("title"), "title"),
            summary=fields.text(row.get("summary"), "summary"),
            sources=self._sources(row.get("sources")),
            script=self._script(row.get("script")),
            minutes=fields.minutes(row.get("minutes")),
            language=fields.language(row.get("language")),
            cast=_cast(row.get("cast")),
            engine=self._engine(row.get("engine")),
            writer=_writer(row.get("writer")),
            research=_researchers(row.get("research")),
            artwork=self._image(row.get("artwork"), "artwork"),
            file=self.file,
            line=line,
            **read_fallback(row).model_dump(),
            **read_quality(row).model_dump(),
        )
        self._must_have_content(request, row, line)
        self._must_be_speakable(request, row, request.language or show_language)
        return request.model_copy(update={"key": episode_key(request)})

    def _must_have_content(self, request: EpisodeRequest, row: Mapping[str, Node], line: int | None) -> None:
        if request.script and request.sources:
            raise InputError(
                "A row has sources or a ready-made script, not both.", field="script", line=row["script"].line
            )
        if request.script or request.sources:
            return
        if request.topic or request.title:
            from podmill.research import on_the_web

            if on_the_web(self.settings):
                return
            raise InputError(
                "A topic needs sources to draw facts from.",
                action="Add sources (files or https addresses) or a script, or set PODMILL_GEMINI_API_KEY or "
                "PODMILL_EXA_API_KEY to have it researched on the web.",
                field="sources",
                line=line,
            )
        raise InputError("The row asks for nothing.", action="Give a topic with sources, or a script.", line=line)

    def _must_be_speakable(self, request: EpisodeRequest, row: Mapping[str, Node], language: str) -> None:
        try:
            cast = self._resolved(request, language)
        except PodmillError as exc:
            field = "cast" if "cast" in row else "engine" if "engine" in row else "language"
            node = row.get(field)
            raise _at(exc, field if node else None, node.line if node else request.line) from exc
        if request.script is None:
            return
        from podmill.scripting.ready_made import check_script

        try:
            check_script(script_text(request.script, self.settings), name=request.script.name, cast=cast)
        except PodmillError as exc:
            raise _at(exc, "script", row["script"].line) from exc

    def _resolved(self, request: EpisodeRequest, language: str) -> tuple[CastMember, ...]:
        from podmill.speech import voices

        asked = (request.cast or self.settings.cast, language, request.engine)
        if asked not in self._casts:
            try:
                members = cast_members(asked[0])
                self._casts[asked] = voices.resolve_cast(
                    members, self.settings, language=language, engine_name=request.engine
                )
            except PodmillError as exc:
                self._casts[asked] = exc
        held = self._casts[asked]
        if isinstance(held, PodmillError):
            raise held
        return held

    def _sources(self, node: Node | None) -> tuple[FileRequest, ...]:
        if node is None:
            return ()
        items = node.value if isinstance(node.value, list) else _split(node)
        if len(items) > SOURCES_MAX:
            raise InputError(
                f"At most {SOURCES_MAX} sources, but there are {len(items)}.", field="sources", line=node.line
            )
        found: dict[str, FileRequest] = {}
        for item in items:
            name = fields.text(item, "sources")
            if not name:
                raise InputError("A source is empty.", field="sources", line=item.line)
            try:
                source = self.attachments.source(name)
            except PodmillError as exc:
                raise _at(exc, "sources", item.line) from exc
            found.setdefault(source.identity, source)
        return tuple(found.values())

    def _script(self, node: Node | None) -> FileRequest | None:
        if node is None:
            return None
        if not isinstance(node.value, str):
            raise InputError(
                f"Must be a file or the script's text, but is {node.kind}.", field="script", line=node.line
            )
        try:
            return self.attachments.script(node.value)
        except PodmillError as exc:
            raise _at(exc, "script", node.line) from exc

    def _image(self, node: Node | None, field: str) -> FileRequest | None:
        name = fields.text(node, field)
        if node is None or name is None:
            return None
        try:
            return self.attachments.image(name)
        except PodmillError as exc:
            raise _at(exc, field, node.line) from exc

    def _engine(self, node: Node | None) -> str | None:
        if node is None:
            return None
        from podmill.speech.engine import ENGINES

        return fields.choice(node, "engine", tuple(ENGINES))


def cast_members(asked: str | tuple[CastRequest, ...]) -> tuple[CastMember, ...]:
    """The members of a cast, tagged ``S1``, ``S2``, ... in order.

    Raises:
        InputError: no cast has that name.
    """
    from podmill.speech.voices import CASTS

    if isinstance(asked, str):
        return CASTS[fields.choice(Node(asked, 0), "cast", tuple(CASTS)) or asked]
    return tuple(
        CastMember(speaker=f"S{number}", **member.model_dump()) for number, member in enumerate(asked, start=1)
    )


def _writer(node: Node | None) -> str | None:
    if node is None:
        return None
    from podmill.scripting import WRITERS

    # A script in the row is what calls for this one.
    return fields.choice(node, "writer", [name for name in WRITERS if name != "ready-made"])


def _researchers(node: Node | None) -> tuple[str, ...] | None:
    if node is None:
        return None
    from podmill.research import RESEARCHERS

    items = node.value if isinstance(node.value, list) else _split(node)
    return tuple(fields.choice(item, "research", tuple(RESEARCHERS)) or "" for item in items)


def _split(node: Node) -> list[Node]:
    """A list in one cell: its items stand on lines of their own, or between ``;`` or ``|``."""
    if not isinstance(node.value, str):
        return [node]
    items = node.value.replace("|", "\n").replace(";", "\n").split("\n")
    return [Node(item.strip(), node.line) for item in items if item.strip()]


def _cast(node: Node | None) -> str | tuple[CastRequest, ...] | None:
    """``duo``, a list of mappings with name and voice, or in one cell ``Ana=piper:joe; Ben=auto``."""
    if node is None:
        return None
    if isinstance(node.value, str) and "=" not in node.value:
        return fields.one_line(node, "cast")
    items = node.value if isinstance(node.value, list) else _split(node)
    if len(items) > SPEAKERS_MAX:
        raise InputError(f"At most {SPEAKERS_MAX} speakers, but there are {len(items)}.", field="cast", line=node.line)
    members = [_member(item) for item in items]
    names = [member.name.casefold() for member in members]
    if len(set(names)) < len(names):
        raise InputError("Two speakers have the same name.", field="cast", line=node.line)
    return tuple(members)


def _member(item: Node) -> CastRequest:
    persona: str | None = None
    voices: tuple[str, ...] = ()
    if isinstance(item.value, dict):
        stated = fields.mapping(item, ("name", "voice", "voices", "persona"), "A cast member")
        voices = _voices(stated.get("voices"))
        persona = fields.one_line(stated.get("persona"), "cast")
        name, voice = fields.one_line(stated.get("name"), "cast"), fields.one_line(stated.get("voice"), "cast")
    else:
        name, _, voice = (part.strip() for part in (fields.one_line(item, "cast") or "").partition("="))
    if not name:
        raise InputError("A speaker needs a name.", field="cast", line=item.line)
    return CastRequest(name=name, voice=voice or "auto", voices=voices, persona=persona)


def _voices(node: Node | None) -> tuple[str, ...]:
    """A voice for each of several engines: a mapping ``minimax: English_Graceful_Lady``."""
    if node is None:
        return ()
    from podmill.speech.engine import ENGINES

    stated = fields.mapping(node, tuple(ENGINES), "The voices of a speaker")
    return tuple(f"{engine}:{fields.one_line(name, 'cast')}" for engine, name in stated.items())


def _at(exc: PodmillError, field: str | None, line: int | None) -> InputError:
    """The same problem, at the place in the batch file that caused it."""
    inside = f" (line {exc.line})" if isinstance(exc, InputError) and exc.line and exc.line != line else ""
    return InputError(f"{exc.message}{inside}", action=exc.action, field=field, line=line)
