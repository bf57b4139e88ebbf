"""Writing into a folder that is being served: whole files or none, and none touched that is right already."""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from models.documents import Artifact
from podmill.errors import PublishError, StoreError, TransientError
from podmill.store.room import no_space

LOCK: Final = ".lock"
LOCK_TIMEOUT_S: Final = 120.0
_LOCK_POLL_S: Final = 0.02
TEMPORARY_PREFIX: Final = ".incoming-"
_MODE: Final = 0o644
"""Of published files: a web server may run as another user."""


@contextlib.contextmanager
def locked(folder: Path, *, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the folder against every other process and thread of this machine.

    The lock dies with its process. What a killed holder left half-written directly in the folder is removed.

    Raises:
        TransientError: another held it for all of ``timeout_s``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("ab") as lock:
        deadline = time.monotonic() + timeout_s
        while not _acquired(lock.fileno()):
            if time.monotonic() > deadline:
                raise TransientError(f"{folder} was in use by another publisher for {timeout_s:.0f} seconds.")
            time.sleep(_LOCK_POLL_S)
        remove_temporary(folder)
        yield


def _acquired(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_temporary(folder: Path) -> None:
    """Remove what a killed publisher left in this folder. Only its holder may ask."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        path.unlink(missing_ok=True)


def write(path: Path, data: bytes) -> bool:
    """Make the file hold exactly these bytes; False when it does already."""
    with contextlib.suppress(OSError):
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
    with _incoming(path) as (handle, temporary):
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            os.fsync(out.fileno())
        _move(temporary, path)
    return True


def place(source: Path, artifact: Artifact, path: Path) -> bool:
    """Make the file hold the artifact; False when it does already.

    A hard link where the file systems allow it, for then the audio takes no room twice; else a copy.

    Raises:
        StoreError: the source's bytes are not the artifact's.
    """
    if _holds(path, artifact):
        return False
    with _incoming(path) as (handle, temporary):
        os.close(handle)
        if not _linked(source, temporary):
            shutil.copyfile(source, temporary)
            temporary.chmod(_MODE)
        with temporary.open("rb") as copy:
            if _digest(temporary) != artifact.sha256:
                raise StoreError(
                    f"The store's copy of {artifact.sha256[:12]}{artifact.suffix} is damaged.",
                    action="Retry the episode from the step that made it.",
                )
            os.fsync(copy.fileno())
        _move(temporary, path)
    return True


def _holds(path: Path, artifact: Artifact) -> bool:
    try:
        return path.stat().st_size == artifact.size_bytes and _digest(path) == artifact.sha256
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _linked(source: Path, temporary: Path) -> bool:
    if source.stat().st_mode & 0o044 != 0o044:
        return False
    temporary.unlink()
    try:
        os.link(source, temporary)
    except OSError:
        temporary.touch()
        return False
    return True


@contextlib.contextmanager
def _incoming(path: Path) -> Iterator[tuple[int, Path]]:
    """A temporary file beside ``path``, gone afterwards whatever happens."""
    handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
    try:
        yield handle, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _move(temporary: Path, path: Path) -> None:
    if not temporary.stat().st_mode & 0o044:
        temporary.chmod(_MODE)
    temporary.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def plainly_said(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into an error that a person understands."""
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(folder) from exc
        raise PublishError(
            f"Cannot write in {folder}: {exc.strerror or exc}.",
            action="Let the publishing worker write there, then run: podmill retry",
        ) from exc
