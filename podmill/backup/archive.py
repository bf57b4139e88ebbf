"""The file of a backup: written and read as a stream, every member with its size and hash in the manifest.

A tar archive: other programs can look into it. Reading trusts nothing: names are checked by whoever takes the members,
nothing but plain files and links to them is let through, and what tar keeps in memory is bounded.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from podmill.errors import InputError

FORMAT: Final = 1
HEADER: Final = "backup.json"
MANIFEST: Final = "manifest.jsonl"
SMALL_BYTES: Final = 1 << 20
"""Longest header, settings file, and list of extended attributes of one member."""
BLOCK: Final = 1 << 20
GZIP: Final = b"\x1f\x8b"


class Header(BaseModel):
    """The first member."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    podmill: str
    """Version that wrote it."""
    revision: str
    """Of the database's tables."""
    created_at: float
    """Seconds since 1970."""
    public: str
    """Where the public folder lay."""
    size_bytes: int
    """Of what is in it, about: the public folder may change while it is read."""


class Writer:
    """Writes members one after the other; ``finish`` writes the manifest, without which the file is no backup."""

    def __init__(self, out: BinaryIO, manifest: IO[bytes], *, compressed: bool) -> None:
        self._gzip = gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, filename="") if compressed else None
        self._tar = _Tar.open(fileobj=self._gzip or out, mode="w|", format=tarfile.PAX_FORMAT)
        self._manifest = manifest
        self.files = 0

    def add(self, name: str, source: IO[bytes], size_bytes: int, *, modified_at: float = 0) -> str:
        """One file; the SHA-256 of what was read."""
        info = _info(name, modified_at)
        info.size = size_bytes
        hashing = Hashing(source)
        self._tar.addfile(info, hashing)
        self._note(name, size_bytes=size_bytes, sha256=hashing.digest.hexdigest())
        return hashing.digest.hexdigest()

    def link(self, name: str, to: str) -> None:
        """Another name of a file that is in it already."""
        info = _info(name, 0)
        info.type, info.linkname = tarfile.LNKTYPE, to
        self._tar.addfile(info)
        self._note(name, same_as=to)

    def finish(self) -> None:
        size_bytes = self._manifest.tell()
        self._manifest.seek(0)
        info = _info(MANIFEST, 0)
        info.size = size_bytes
        self._tar.addfile(info, self._manifest)
        self._tar.close()
        if self._gzip:
            self._gzip.close()

    def _note(self, name: str, **facts: Any) -> None:
        self._tar.members.clear()
        self.files += 1
        self._manifest.write(_line(name, **facts))


def _info(name: str, modified_at: float) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = 0o600, int(modified_at)
    return info


def _line(name: str, **facts: Any) -> bytes:
    return json.dumps({"name": name, **facts}).encode() + b"\n"


class Hashing(io.RawIOBase):
    """A file whose bytes are hashed as they are read; of an archive, if one is named."""

    def __init__(self, source: IO[bytes], archive: Path | None = None) -> None:
        self.digest = hashlib.sha256()
        self._source = source
        self._archive = archive

    def read(self, size: int = -1) -> bytes:
        with _damage_named(self._archive) if self._archive else nullcontext():
            block = self._source.read(size)
        self.digest.update(block)
        return block


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive, or another name of one that came before."""

    name: str
    same_as: str | None
    size_bytes: int
    modified_at: float
    content: Hashing

    def small(self, path: Path) -> bytes:
        """All of it.

        Raises:
            InputError: it is too long for what it should be.
        """
        if self.size_bytes > SMALL_BYTES:
            raise damaged(path, f"{self.name} is too long")
        return self.content.read()


class Reader:
    """Members in order, header first; at the end everything read is compared with the manifest."""

    def __init__(self, path: Path, seen: IO[bytes]) -> None:
        self._path = path
        self._seen = seen

    def members(self) -> Iterator[Member]:
        """Each must be taken before the next is asked for.

        Raises:
            InputError: the file is not a backup, is damaged, or ends too early.
        """
        with _damage_named(self._path), _opened(self._path) as tar:
            while (info := tar.next()) is not None:
                tar.members.clear()
                if info.name == MANIFEST:
                    self._compare(_content(tar, info))
                    if tar.next() is not None:
                        raise damaged(self._path, "something follows its end")
                    return
                yield from self._member(tar, info)
        raise damaged(self._path, "its end is missing")

    def _member(self, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[Member]:
        if info.type == tarfile.LNKTYPE:
            yield Member(info.name, info.linkname, 0, 0, Hashing(io.BytesIO()))
            self._seen.write(_line(info.name, same_as=info.linkname))
            return
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise damaged(self._path, f"{info.name!r} is not a plain file")
        hashing = Hashing(_content(tar, info), self._path)
        yield Member(info.name, None, info.size, info.mtime, hashing)
        while hashing.read(BLOCK):  # what was not taken counts too
            pass
        self._seen.write(_line(info.name, size_bytes=info.size, sha256=hashing.digest.hexdigest()))

    def _compare(self, manifest: IO[bytes]) -> None:
        self._seen.seek(0)
        while block := self._seen.read(BLOCK):
            if manifest.read(len(block)) != block:
                raise damaged(self._path, "what is in it is not what was put into it")
        if manifest.read(1):
            raise damaged(self._path, "files are missing")


def header_of(member: Member, path: Path) -> Header:
    """The header, which must come first.

    Raises:
        InputError: it is none, or of a format this version does not read.
    """
    if member.name != HEADER:
        raise damaged(path, "it does not begin as one")
    try:
        header = Header.model_validate_json(member.small(path))
    except ValidationError as exc:
        raise damaged(path, "its header cannot be read") from exc
    if header.format != FORMAT:
        raise InputError(
            f"It was written by Podmill {header.podmill} in another format.",
            action="Restore it with that version.",
            file=str(path),
        )
    return header


def damaged(path: Path, how: str) -> InputError:
    return InputError(
        f"Not a whole backup: {how}.", action="Use another copy; nothing was changed here.", file=str(path)
    )


class _Tar(tarfile.TarFile):
    """Named only for its ``members``: it would keep all it has seen."""

    members: list[tarfile.TarInfo]


class _Bounded(tarfile.TarInfo):
    """tar reads long names and attributes into memory, as long as the archive says they are."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Bounded":
        info = super().frombuf(buf, encoding, errors)
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) and not 0 <= info.size <= SMALL_BYTES:
            raise tarfile.ReadError("too long a name")
        return info


@contextmanager
def _opened(path: Path) -> Iterator["_Tar"]:
    with path.open("rb") as file:
        is_gzip = file.read(len(GZIP)) == GZIP
        file.seek(0, os.SEEK_SET)
        source: Any = gzip.GzipFile(fileobj=file, mode="rb") if is_gzip else file
        with _Tar.open(fileobj=source, mode="r|", tarinfo=_Bounded) as tar:
            yield tar


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, UnicodeError, ValueError, OverflowError) as exc:
        raise damaged(path, str(exc) or type(exc).__name__) from exc


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(info)
    if content is None:
        raise tarfile.ReadError(f"{info.name!r} has no content")
    return content
