"""Asking for room before the work begins, not running out of it half-way."""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from podmill.errors import DiskFullError

MEGABYTE = 1_000_000


def check_room(needs_bytes: Mapping[Path, int], reserve_mb: int, *, to: str) -> None:
    """See that every folder can take what it needs and still leave the reserve.

    Folders on one file system share its room. A folder that does not exist yet counts as its nearest parent that does.

    Args:
        to: what the room is for, in words that follow "to".

    Raises:
        DiskFullError: one cannot; the message names it and the room it lacks.
    """
    wanted: Counter[int] = Counter()
    for folder, need in needs_bytes.items():
        wanted[_existing(folder).stat().st_dev] += need
    for folder in needs_bytes:
        place = _existing(folder)
        need = wanted[place.stat().st_dev] + reserve_mb * MEGABYTE
        free = shutil.disk_usage(place).free
        if free < need:
            raise DiskFullError(
                f"Not enough disk to {to}: {_megabytes(need)} MB wanted in {folder} "
                f"({reserve_mb} MB of it kept in reserve), {free // MEGABYTE} MB free.",
                action=f"Free at least {_megabytes(need - free)} MB in {folder}; what waits for it goes on by itself.",
            )


def no_space(place: Path) -> DiskFullError:
    """For when it ran out all the same."""
    return DiskFullError(f"No space left in {place}.", action="Free some; what waits for it goes on by itself.")


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


def _megabytes(size_bytes: int) -> int:
    """Rounded up: what is asked for must do."""
    return -(-size_bytes // MEGABYTE)
