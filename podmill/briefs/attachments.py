"""The files, addresses and texts that rows refer to, each checked once however many rows name it."""

import re
from collections.abc import Callable
from pathlib import Path

from podmill.briefs import content
from podmill.briefs.records import FileRequest
from podmill.errors import InputError, PodmillError
from podmill.settings import Settings

IMAGES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""What feeds and players show, by the first bytes."""
SOUND_MB_MAX = 2_000
"""Three hours of stereo, 16 bit, not compressed."""
_JSON = re.compile(r"\s*(\{|\[\s*\{)")
_INLINE = re.compile(rf"\s*\[S\d+\]|{_JSON.pattern}")


class Attachments:
    """Reads relative to one folder: that of the file which names them."""

    def __init__(self, base: Path, settings: Settings) -> None:
        self.base = base
        self.settings = settings
        self._seen: dict[tuple[str, str], FileRequest | PodmillError] = {}

    def source(self, name: str) -> FileRequest:
        """A source document, or the https address of one.

        Raises:
            PodmillError: it cannot be read or is not a document; the message says why.
        """
        return self._once("source", name, self._address if "://" in name else self._document)

    def script(self, name: str) -> FileRequest:
        """A ready-made script in a file, or written out in the row.

        Raises:
            PodmillError: the file cannot be read or is not text.
        """
        if "\n" in name.strip() or _INLINE.match(name):
            data = name.encode()
            return FileRequest(name="inline", text=name, media_type=script_type(name), sha256=content.sha256(data))
        return self._once("script", name, self._script)

    def image(self, name: str) -> FileRequest:
        """A picture.

        Raises:
            PodmillError: the file cannot be read, or is neither JPEG nor PNG.
        """
        return self._once("image", name, self._image)

    def sound(self, name: str, *, longest_s: float) -> FileRequest:
        """Music or an ad.

        Raises:
            PodmillError: the file cannot be read, is not sound, or is too long.
        """
        return self._once(f"sound {longest_s}", name, lambda name: self._sound(name, longest_s))

    def _once(self, kind: str, name: str, read: Callable[[str], FileRequest]) -> FileRequest:
        if (kind, name) not in self._seen:
            try:
                self._seen[kind, name] = read(name)
            except InputError as exc:
                # The place of the error will be the row's: the attachment's own name goes into the message.
                message = f"{name}: {exc.message}" if exc.file else exc.message
                self._seen[kind, name] = InputError(message, action=exc.action)
            except PodmillError as exc:
                self._seen[kind, name] = exc
        held = self._seen[kind, name]
        if isinstance(held, PodmillError):
            raise held
        return held

    def path(self, name: str) -> Path:
        """Where a file that is named is."""
        try:
            return (self.base / Path(name).expanduser()).absolute()
        except RuntimeError as exc:
            raise InputError(f"{name}: {exc}") from None

    def _address(self, name: str) -> FileRequest:
        from podmill.research import intake

        intake.check_url(name, self.settings)
        return FileRequest(name=name, url=name)

    def _document(self, name: str) -> FileRequest:
        from podmill.research import intake

        path = self.path(name)
        data = content.read_bytes(path, self.settings)
        media_type = intake.check_file(path, self.settings)
        return FileRequest(name=name, path=path, media_type=media_type, sha256=content.sha256(data))

    def _script(self, name: str) -> FileRequest:
        path = self.path(name)
        data = content.read_bytes(path, self.settings)
        media_type = script_type(content.decode(data, name))
        return FileRequest(name=name, path=path, media_type=media_type, sha256=content.sha256(data))

    def _image(self, name: str) -> FileRequest:
        path = self.path(name)
        data = content.read_bytes(path, self.settings)
        for magic, media_type in IMAGES.items():
            if data.startswith(magic):
                return FileRequest(name=name, path=path, media_type=media_type, sha256=content.sha256(data))
        raise InputError("It is neither a JPEG nor a PNG picture.", file=name)

    def _sound(self, name: str, longest_s: float) -> FileRequest:
        from podmill.mastering.clip import check_clip

        path = self.path(name)
        digest = content.sha256_of(path, SOUND_MB_MAX)
        media_type = check_clip(path, longest_s=longest_s)
        return FileRequest(name=name, path=path, media_type=media_type, sha256=digest)


def script_type(text: str) -> str:
    """Media type of a script's text."""
    return "application/json" if _JSON.match(text) else "text/plain"


def script_text(script: FileRequest, settings: Settings) -> str:
    """The words of a script that was accepted."""
    if script.text is not None:
        return script.text
    if script.path is None:
        raise InputError(f"{script.name!r} is neither a file nor a text.")
    return content.decode(content.read_bytes(script.path, settings), script.name)
