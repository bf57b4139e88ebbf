"""Restoring a backup: everything is unpacked beside its place and verified, then it changes places."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from podmill import faults, nodefile
from podmill import settings as environment
from podmill.backup import archive, places, swap
from podmill.backup.archive import Header, Member, damaged
from podmill.backup.moving import move_publications
from podmill.backup.places import Places
from podmill.errors import ConfigurationError, DiskFullError, InputError
from podmill.settings import Settings
from podmill.store.database import known_revisions
from podmill.store.local import flush_folder
from podmill.store.room import check_room

STAGED: Final = ".restoring-"
Progress = Callable[[int, int], None]
"""Called with the bytes unpacked so far, and how many there will be, about."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in place now."""

    created_at: float
    """When the backup was made: seconds since 1970."""
    files: int
    aside: list[Path]
    """What was there before."""
    own_config_kept: bool
    """The home folder had a settings file already; that of the backup was not used."""


def restore(
    settings: Settings, path: Path, *, force: bool = False, progress: Progress = lambda _done, _of: None
) -> Restored | None:
    """Put a backup into the home folder. Open episodes go on when a node is started on it.

    Returns:
        None when a restore that was interrupted needed no more than to be finished.

    Raises:
        InputError: the file is not a whole backup, or too new; nothing was changed.
        ConfigurationError: a node runs, something is there already, or the settings do not fit; nothing was changed.
        DiskFullError: there is no room; nothing was changed.
    """
    where = Places.of(settings)
    if not path.is_file():
        raise InputError("There is no such file.", file=str(path))
    with nodefile.held(settings):
        if swap.finish(settings) and not force:
            return None
        _check_places(where, force=force)
        with _staging(settings, where) as staged, tempfile.TemporaryFile(dir=settings.home) as seen:
            unpacking = _Unpacking(settings, path, where, staged, progress)
            for member in archive.Reader(path, seen).members():
                unpacking.take(member)
            header = unpacking.finished()
            move_publications(staged.database, header.public, where.public)
            _flush(staged)
            faults.hit("restore:unpacked")
            aside = _swap(settings, where, staged)
    return Restored(header.created_at, unpacking.files, aside, unpacking.own_config_kept)


def recover(settings: Settings) -> None:
    """Finish a restore that was interrupted, or remove what it had unpacked. The home folder must be held."""
    if not swap.finish(settings) and make_url(settings.database).get_backend_name() == "sqlite":
        _remove(_staged_places(Places.of(settings)))


class _Unpacking:
    """Takes the members of an archive, one after the other."""

    def __init__(self, settings: Settings, path: Path, where: Places, staged: Places, progress: Progress) -> None:
        self.files = 0
        self.own_config_kept = False
        self._settings = settings
        self._path = path
        self._where = where
        self._staged = staged
        self._progress = progress
        self._header: Header | None = None
        self._done_bytes = 0

    def take(self, member: Member) -> None:
        """Raises:
        InputError: it has no place here.
        """
        self.files += 1
        if self._header is None:
            self._begin(member)
        elif member.name == places.CONFIG:
            self._take_config(member)
        else:
            target = self._target(member.name)
            if target is None or (member.same_as and not member.name.startswith(places.PUBLIC)):
                raise damaged(self._path, f"{member.name!r} has no place in one")
            with self._refusing(member.name):
                target.parent.mkdir(parents=True, exist_ok=True)
                if member.same_as:
                    self._link(member.same_as, target)
                else:
                    self._write(member, target)

    def finished(self) -> Header:
        """Raises:
        InputError: there was no header, or no database.
        """
        if self._header is None or not self._staged.database.is_file():
            raise damaged(self._path, "there is no database in it")
        return self._header

    def _begin(self, member: Member) -> None:
        header = archive.header_of(member, self._path)
        if header.revision not in known_revisions():
            raise InputError(
                f"It was written by Podmill {header.podmill}, whose tables this version does not know.",
                action="Install that version or a newer one.",
                file=str(self._path),
            )
        try:
            check_room(
                {self._where.database.parent: header.size_bytes}, self._settings.disk_reserve_mb, to="unpack the backup"
            )
        except DiskFullError as exc:
            raise DiskFullError(exc.message, action="Free some.") from exc
        self._header = header

    def _take_config(self, member: Member) -> None:
        """Settings of one's own are kept. Those of the backup are taken only if everything stays where it goes."""
        if self._where.config.exists():
            self.own_config_kept = True
            return
        self._staged.config.write_bytes(member.small(self._path))
        self._staged.config.chmod(0o600)
        would_be = environment.with_file(self._staged.config)
        if would_be.home != self._settings.home or Places.of(would_be) != self._where:
            raise ConfigurationError(
                "The backup's podmill.toml says where the database or the public folder lies.",
                action=f"Put it there first, look at it, and restore again: "
                f"tar -xf {self._path} -C {self._settings.home} {places.CONFIG}",
            )

    def _target(self, name: str) -> Path | None:
        if name == places.DATABASE:
            return self._staged.database
        if match := places.IN_STORE.fullmatch(name):
            return self._staged.store / match[1] / match[2]
        parts = places.public_parts(name)
        return self._staged.public.joinpath(*parts) if parts else None

    def _link(self, name: str, target: Path) -> None:
        match = places.IN_STORE.fullmatch(name)
        source = self._staged.store / match[1] / match[2] if match else None
        if source is None or not source.is_file():
            raise damaged(self._path, f"{name!r} is not in its store")
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:
            shutil.copyfile(source, target)
            target.chmod(0o644)

    def _write(self, member: Member, target: Path) -> None:
        with target.open("xb") as out:
            shutil.copyfileobj(member.content, out, archive.BLOCK)
        if member.name.startswith(places.STORE):
            target.chmod(0o444)
        elif member.name.startswith(places.PUBLIC):
            target.chmod(0o644)
            os.utime(target, (member.modified_at, member.modified_at))
        self._done_bytes += member.size_bytes
        total_bytes = self._header.size_bytes if self._header else 0
        self._progress(min(self._done_bytes, total_bytes), total_bytes)

    @contextmanager
    def _refusing(self, name: str) -> Iterator[None]:
        """A name that is there twice, or below a file."""
        try:
            yield
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as exc:
            raise damaged(self._path, f"{name!r} is in it twice") from exc


def _check_places(where: Places, *, force: bool) -> None:
    for place in (where.database, where.store, where.public):
        if place.is_mount():
            raise ConfigurationError(
                f"{place} is a file system of its own, which cannot be exchanged.",
                action="Restore into another folder, then copy it there.",
            )
    occupied = [place for place in (where.database, where.store, where.public) if _holds_something(place)]
    if occupied and not force:
        raise ConfigurationError(
            f"There is something already: {', '.join(map(str, occupied))}.",
            action="Set another PODMILL_HOME, or move it aside with --force.",
        )


def _holds_something(place: Path) -> bool:
    return any(place.iterdir()) if place.is_dir() else place.exists()


@contextmanager
def _staging(settings: Settings, where: Places) -> Iterator[Places]:
    """The same places under names of their own, on the same file systems: empty, and gone unless they are needed."""
    staged = _staged_places(where)
    _remove(staged)
    try:
        staged.database.parent.mkdir(parents=True, exist_ok=True)
        staged.store.mkdir()
        staged.public.mkdir(parents=True)
        yield staged
    finally:
        if not swap.is_begun(settings):
            _remove(staged)


def _staged_places(where: Places) -> Places:
    places_now = (where.database, where.store, where.public, where.config)
    return Places(*(place.with_name(STAGED + place.name) for place in places_now))


def _remove(staged: Places) -> None:
    for folder in (staged.store, staged.public):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (staged.database, staged.config):
        file.unlink(missing_ok=True)


def _flush(staged: Places) -> None:
    """See that all of it is on the disk before anything old is moved away."""
    os.sync()
    for folder in {staged.database.parent, staged.public.parent}:
        flush_folder(folder)


def _swap(settings: Settings, where: Places, staged: Places) -> list[Path]:
    stamp = time.strftime("before-%Y%m%dT%H%M%SZ", time.gmtime())
    pairs = [(where.store, staged.store), (where.public, staged.public), (where.config, staged.config)]
    pairs.append((where.database, staged.database))
    exchanges = [
        swap.Exchange(place=place, staged=new, aside=place.with_name(f"{place.name}.{stamp}"))
        for place, new in pairs
        if new.exists()
    ]
    swap.begin(settings, swap.Plan(exchanges=exchanges))
    swap.finish(settings)
    return [each.aside for each in exchanges if each.aside.exists()]
