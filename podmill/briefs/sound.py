"""How a show sounds, as its file or its block of a batch says it; the files of music and ads it names are looked at."""

from typing import Any, Final

from models.documents import Artifact
from models.sound import BED_MAX_S, PIECE_MAX_S, Sound
from podmill.briefs import fields
from podmill.briefs.attachments import Attachments
from podmill.briefs.nested import read_nested
from podmill.briefs.nodes import Node
from podmill.briefs.records import FileRequest, SoundRequest
from podmill.errors import InputError, PodmillError

FILE: Final = "file"


def read_sound(node: Node | None, attachments: Attachments) -> SoundRequest | None:
    """What is stated of it.

    Raises:
        InputError: a field is unknown or unusable, or a file is not sound of a fit length; names file, line and field.
    """
    if node is None or node.blank:
        return None
    files: dict[str, FileRequest] = {}

    def leaf(beside: Attachments, name: str, value: Node) -> Any:
        text = fields.text(value, name)
        if text is None or name.rpartition(".")[2] != FILE:
            return text
        try:
            file = beside.sound(text, longest_s=BED_MAX_S if name.endswith(f"bed.{FILE}") else PIECE_MAX_S)
        except PodmillError as exc:
            raise InputError(exc.message, action=exc.action, field=name, line=value.line) from exc
        artifact = _artifact(file)
        files[artifact.sha256] = file
        return artifact.model_dump()

    sound = read_nested(Sound, node, "sound", attachments, leaf)
    return SoundRequest(sound=sound, files=tuple(files.values()))


def _artifact(file: FileRequest) -> Artifact:
    """As the store will name it."""
    if file.path is None or file.sha256 is None:
        raise InputError(f"{file.name!r} is not a file.")
    return Artifact(
        sha256=file.sha256,
        suffix=file.path.suffix.lower(),
        size_bytes=file.path.stat().st_size,
        media_type=file.media_type,
    )
