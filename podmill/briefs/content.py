"""Reading files that were handed in: bounded, and never anything but a regular file."""

import hashlib
import os
import stat
from pathlib import Path

from podmill.errors import InputError
from podmill.settings import Settings


def open_regular(path: Path) -> int:
    """A file descriptor of a regular file; devices and pipes are refused before a byte is read.

    Raises:
        InputError: there is no such file, it is a folder or a device, or it may not be read.
    """
    try:
        # Non-blocking: opening a pipe that nobody writes to would wait for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        action = "" if path.suffix else f"For a topic, write a brief: a YAML file with the line `topic: {path.name}`."
        raise InputError("No such file.", action=action, file=str(path)) from None
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InputError(f"It cannot be read: {reason}.", file=str(path)) from None
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    os.close(handle)
    raise InputError("It is a folder." if stat.S_ISDIR(mode) else "It is not a regular file.", file=str(path))


def read_bytes(path: Path, settings: Settings) -> bytes:
    """All of a file.

    Raises:
        InputError: it cannot be read, is empty, or is larger than ``fetch_max_mb``.
    """
    limit = settings.fetch_max_mb * 1_000_000
    with os.fdopen(open_regular(path), "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise InputError(
            f"It is larger than {settings.fetch_max_mb} MB.",
            action="Split it, or raise PODMILL_FETCH_MAX_MB.",
            file=str(path),
        )
    if not data.strip():
        raise InputError("The file is empty.", file=str(path))
    return data


def sha256_of(path: Path, megabytes_max: int) -> str:
    """Of a file that is too large to be held.

    Raises:
        InputError: it cannot be read, or is larger.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > megabytes_max * 1_000_000:
            raise InputError(f"It is larger than {megabytes_max} MB.", file=str(path))
        return hashlib.file_digest(file, "sha256").hexdigest()


def decode(data: bytes, file: str) -> str:
    """The text of a file.

    Raises:
        InputError: it is binary or not UTF-8; with the line.
    """
    if b"\0" in data:
        raise InputError("The file is binary, not text.", file=file, line=data[: data.index(b"\0")].count(b"\n") + 1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(
            "The file is not UTF-8 text.",
            action="Save it as UTF-8.",
            file=file,
            line=data[: exc.start].count(b"\n") + 1,
        ) from None


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
