"""Artifacts in a local folder, by content hash."""

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from models.documents import Artifact
from podmill import faults
from podmill.errors import StoreError
from podmill.store import locks
from podmill.store.room import no_space

BLOCK = 1 << 20


class LocalStore:
    """Files under ``root/ab/abcdef....suffix``.

    A file is written under a temporary name, flushed to disk and renamed: a reader never sees half of it, and a crash
    leaves nothing but a temporary file, which clean-up removes. Putting the same bytes again makes the file young
    again, so that the collector leaves it alone until it is referred to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: Path, *, suffix: str = "", media_type: str = "application/octet-stream") -> Artifact:
        """Take a copy of a file into the store.

        Raises:
            DiskFullError: there is no room for it.
        """
        with path.open("rb") as source:
            return self._take(iter(lambda: source.read(BLOCK), b""), suffix or path.suffix.lower(), media_type)

    def put_bytes(self, data: bytes, *, suffix: str = "", media_type: str = "application/octet-stream") -> Artifact:
        """Take small data into the store."""
        return self._take(iter((data,)), suffix, media_type)

    def has(self, artifact: Artifact) -> bool:
        """Whether the store holds it, whole by its size."""
        try:
            return self._place(artifact).stat().st_size == artifact.size_bytes
        except OSError:
            return False

    def path(self, artifact: Artifact) -> Path:
        """The file itself; read-only.

        Raises:
            StoreError: the store does not hold it, or it lost bytes.
        """
        if not self.has(artifact):
            raise StoreError(
                f"The store {self.root} does not hold {artifact.sha256[:12]}{artifact.suffix} "
                f"({artifact.size_bytes} bytes).",
                action="Restore the store from a backup, or retry the episode from the step that made it.",
            )
        return self._place(artifact)

    def _place(self, artifact: Artifact) -> Path:
        return self.root / artifact.sha256[:2] / (artifact.sha256 + artifact.suffix)

    def _take(self, blocks: Iterator[bytes], suffix: str, media_type: str) -> Artifact:
        digest = hashlib.sha256()
        size_bytes = 0
        with _said_plainly(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".incoming-", dir=self.root)
            try:
                with os.fdopen(handle, "wb") as out:
                    for block in blocks:
                        digest.update(block)
                        size_bytes += len(block)
                        out.write(block)
                    out.flush()
                    os.fsync(out.fileno())
                faults.hit("store:written")
                artifact = Artifact(
                    sha256=digest.hexdigest(), suffix=suffix, size_bytes=size_bytes, media_type=media_type
                )
                Path(name).chmod(0o444)
                self._name(Path(name), self._place(artifact))
                faults.hit("store:placed")
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        return artifact

    def _name(self, file: Path, place: Path) -> None:
        with locks.placing(self.root):
            if not place.parent.is_dir():
                place.parent.mkdir(exist_ok=True)
                flush_folder(self.root)
            # Also over a file of the same bytes: what was damaged is whole again, and what is old is young again.
            file.replace(place)
        # Before anybody records it: a power cut must not leave a record of a file whose name was lost.
        flush_folder(place.parent)


def flush_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _said_plainly(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(folder) from exc
        raise
