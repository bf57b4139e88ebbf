"""Removing artifacts that nothing refers to: mark by the database, sweep by age.

An artifact is put into the store first and referred to later, so what is young is never removed. Putting the same bytes
again makes the file young again. So whatever is recorded within ``collect_after_s`` of its put is there.
"""

import logging
import os
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from podmill.settings import Settings
from podmill.store import locks
from podmill.store.database import snapshot
from podmill.store.references import referred
from podmill.store.takes import forget_unused

log = logging.getLogger(__name__)

HASH_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed, or would be."""

    files: int = 0
    size_bytes: int = 0
    takes: int = 0
    """Forgotten: unused for too long."""


def collect(engine: Engine, settings: Settings, *, dry_run: bool = False) -> Collected | None:
    """Forget takes that nobody used for long, then remove every old artifact that nothing refers to.

    Memory: about 120 bytes for each artifact referred to.

    Args:
        dry_run: count only. Takes are not forgotten then, so what only they refer to is not counted.

    Returns:
        None when it is not the time: a backup is being made, or another process collects.
    """
    root = settings.store_dir
    if not root.is_dir():
        return Collected()
    # Steps that take longer than what is set must find what they put.
    after_s = max(settings.collect_after_s, settings.step_time_limit_s)
    try:
        with locks.collecting(root):
            takes = 0 if dry_run else forget_unused(engine, settings.takes_keep_days)
            before = _clock_of(root) - after_s
            with snapshot(engine) as connection:
                kept = referred(connection)
            files, size_bytes = sweep(root, kept, before, dry_run=dry_run)
    except BlockingIOError:
        log.info("nothing is collected now: a backup is being made, or another process collects")
        return None
    done = Collected(files, size_bytes, takes)
    if done != Collected():
        words = "could be removed" if dry_run else "removed"
        log.info("%d artifacts (%d bytes) %s, %d takes forgotten", files, size_bytes, words, takes)
    return done


def sweep(root: Path, kept: Collection[bytes], before: float, *, dry_run: bool = False) -> tuple[int, int]:
    """Remove artifacts last put before a moment whose hash is not kept; how many, and their bytes.

    Args:
        before: by the clock of the file system, which gives the files their times.
    """
    files = size_bytes = 0
    for folder in _folders(root):
        with locks.sweeping(root):
            for entry in _strays(folder, kept):
                state = entry.stat(follow_symlinks=False)
                if state.st_mtime >= before:
                    continue
                if not dry_run:
                    Path(entry.path).unlink()
                files, size_bytes = files + 1, size_bytes + state.st_size
    return files, size_bytes


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("[0-9a-f][0-9a-f]") if path.is_dir())


def _strays(folder: Path, kept: Collection[bytes]) -> Iterator[os.DirEntry[str]]:
    """Files named by a hash that is not kept; what has another name is not the store's."""
    with os.scandir(folder) as entries:
        for entry in entries:
            digits = entry.name.partition(".")[0]
            if len(digits) != HASH_DIGITS or not entry.is_file(follow_symlinks=False):
                continue
            try:
                is_kept = bytes.fromhex(digits) in kept
            except ValueError:
                continue
            if not is_kept:
                yield entry


def _clock_of(root: Path) -> float:
    """Now, by whoever gives the files of this folder their times: on a shared folder that is another machine."""
    with tempfile.NamedTemporaryFile(prefix=".incoming-", dir=root) as probe:
        return os.fstat(probe.fileno()).st_mtime
