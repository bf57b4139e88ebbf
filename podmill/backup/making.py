"""Making a backup, while the node runs or not."""

import contextlib
import fcntl
import io
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from podmill import __version__, faults
from podmill.backup import archive, places
from podmill.backup.places import Places
from podmill.errors import ConfigurationError, DiskFullError, StoreError
from podmill.publishing.files import TEMPORARY_PREFIX
from podmill.settings import Settings
from podmill.store import database, locks
from podmill.store.local import flush_folder
from podmill.store.references import referred
from podmill.store.room import check_room

Progress = Callable[[int, int], None]
"""Called with the bytes read so far, and how many there will be, about."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was written."""

    path: Path
    size_bytes: int
    files: int
    """Members of the archive."""
    damaged: int
    """Files of the store whose bytes are not those of their names; they are in it as they are."""


def make(settings: Settings, path: Path, progress: Progress = lambda _done, _of: None) -> Made:
    """Write a backup of the node on this home folder; a file of that name is replaced when the new one is whole.

    The database is copied as it is at one moment; then what that refers to, which the collector leaves alone meanwhile.
    The public folder is read last and may be newer: publishing again what is there already changes nothing.

    Raises:
        ConfigurationError: the database is not SQLite, there is none, or the file would lie in what is backed up.
        DiskFullError: there is no room for it.
        StoreError: the database is damaged.
    """
    path = path.absolute()
    where = Places.of(settings)
    if not where.database.is_file():
        raise ConfigurationError(f"There is nothing to back up in {settings.home}.", action="Set PODMILL_HOME.")
    for folder in (where.store, where.public):
        if path.is_relative_to(folder):
            raise ConfigurationError(f"{path} would lie in {folder}.", action="Write the backup somewhere else.")
    if not path.parent.is_dir():
        raise ConfigurationError(f"There is no folder {path.parent}.", action="Make it first.")
    database.open_engine(settings)  # brings the tables to the revision that is written down
    with _draft(path) as draft, locks.reading_whole(where.store):
        kept, revision = _copy_database(where.database, draft / places.DATABASE, settings.home)
        total_bytes = _total_bytes(draft, where, kept)
        _check_room(path, total_bytes, settings)
        whole = draft / "whole"
        with open(whole, "xb", opener=_owner_only) as out, (draft / archive.MANIFEST).open("x+b") as manifest:
            writer = archive.Writer(out, manifest, compressed=path.suffix in (".gz", ".tgz"))
            files = _Files(writer, total_bytes, progress)
            header = archive.Header(
                podmill=__version__,
                revision=revision,
                created_at=time.time(),
                public=str(where.public),
                size_bytes=total_bytes,
            )
            files.add_bytes(archive.HEADER, header.model_dump_json().encode())
            if where.config.is_file():
                files.add(places.CONFIG, where.config)
            files.add(places.DATABASE, draft / places.DATABASE)
            files.add_store(where.store, kept)
            files.add_public(where.public)
            writer.finish()
            out.flush()
            os.fsync(out.fileno())
        faults.hit("backup:written")
        size_bytes = whole.stat().st_size
        whole.replace(path)
        flush_folder(path.parent)
    return Made(path, size_bytes, writer.files, files.damaged)


class _Files:
    """What goes into the archive, in order."""

    def __init__(self, writer: archive.Writer, total_bytes: int, progress: Progress) -> None:
        self.damaged = 0
        self._writer = writer
        self._total_bytes = total_bytes
        self._progress = progress
        self._done_bytes = 0
        self._linked: dict[tuple[int, int], str] = {}
        """Files of the store that have another name somewhere, as a rule in the public folder."""

    def add_bytes(self, name: str, data: bytes) -> None:
        self._writer.add(name, io.BytesIO(data), len(data))

    def add(self, name: str, path: Path) -> str:
        with path.open("rb") as file:
            return self._add_open(name, file)

    def add_store(self, root: Path, kept: Collection[bytes]) -> None:
        for path in _kept_files(root, kept):
            name = f"{places.STORE}{path.parent.name}/{path.name}"
            with path.open("rb") as file:
                state = os.fstat(file.fileno())
                if self._add_open(name, file) != path.name.partition(".")[0]:
                    self.damaged += 1
            if state.st_nlink > 1:
                self._linked[state.st_dev, state.st_ino] = name

    def add_public(self, root: Path) -> None:
        for path in _public_files(root):
            name = places.PUBLIC + path.relative_to(root).as_posix()
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                state = os.fstat(file.fileno())
                same = self._linked.get((state.st_dev, state.st_ino))
                if same:
                    self._writer.link(name, same)
                    self._count(state.st_size)
                else:
                    self._add_open(name, file)

    def _add_open(self, name: str, file: IO[bytes]) -> str:
        state = os.fstat(file.fileno())
        digest = self._writer.add(name, file, state.st_size, modified_at=state.st_mtime)
        self._count(state.st_size)
        return digest

    def _count(self, size_bytes: int) -> None:
        self._done_bytes += size_bytes
        self._progress(min(self._done_bytes, self._total_bytes), self._total_bytes)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A folder beside the file for what is not whole yet; what a killed backup left there is removed first."""
    folder = path.with_name(f".{path.name}.partial")
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / ".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"Another backup is writing {path}.", action="Wait for it.") from None
        for left in folder.iterdir():
            if left.name != ".lock":
                left.unlink()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _copy_database(source: Path, copy: Path, home: Path) -> tuple[set[bytes], str]:
    """One moment of the database, without waiting for writers nor making them wait; what it refers to; its revision."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(copy)) as new:
        try:
            old.backup(new)
            found = new.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as exc:
            found = str(exc)
        if found != "ok":
            raise StoreError(f"{source} is damaged: {found}.", action="Restore an earlier backup.")
    engine = database.connect(f"sqlite:///{copy}", home)
    with database.snapshot(engine) as connection:
        kept = referred(connection)
        revision = database.revision_of(connection)
    engine.dispose()
    with closing(sqlite3.connect(copy)) as new:
        new.execute("PRAGMA journal_mode=DELETE")  # so that it is one file
    return kept, str(revision)


def _total_bytes(draft: Path, where: Places, kept: Collection[bytes]) -> int:
    """Of all files; of two names of one file both count."""
    sizes = [(draft / places.DATABASE).stat().st_size]
    sizes.append(sum(path.stat().st_size for path in _kept_files(where.store, kept)))
    for path in _public_files(where.public):
        with contextlib.suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return sum(sizes)


def _check_room(path: Path, total_bytes: int, settings: Settings) -> None:
    try:
        check_room({path.parent: total_bytes}, settings.disk_reserve_mb, to="write the backup")
    except DiskFullError as exc:
        raise DiskFullError(exc.message, action="Free some, or write it to another disk.") from exc


def _kept_files(root: Path, kept: Collection[bytes]) -> Iterator[Path]:
    for folder in sorted(root.glob("[0-9a-f][0-9a-f]")):
        for path in sorted(folder.iterdir()):
            match = places.IN_STORE.fullmatch(f"{places.STORE}{folder.name}/{path.name}")
            if match and bytes.fromhex(path.name.partition(".")[0]) in kept:
                yield path


def _public_files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(TEMPORARY_PREFIX) and not path.is_symlink() and path.is_file():
                yield path


def _owner_only(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
