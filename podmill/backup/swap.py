"""Putting what was restored in the place of what was there: begun only when all of it is ready, and then finished.

The plan is written down first, so that a restore which is killed between two renames is finished by the next
``podmill up`` or ``podmill restore``; until then nothing opens the database.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from podmill import faults
from podmill.settings import Settings
from podmill.store.database import UNFINISHED_RESTORE
from podmill.store.local import flush_folder

BESIDE_DATABASE: Final = ("-wal", "-shm")
"""What SQLite keeps beside a database: that of another one would damage it."""


class Exchange(BaseModel):
    """One part of the node."""

    place: Path
    staged: Path
    aside: Path
    """Where what was there goes."""


class Plan(BaseModel):
    exchanges: list[Exchange]
    """The database last: it is what says that there is a node."""


def is_begun(settings: Settings) -> bool:
    """Whether there is a plan that is not done yet."""
    return (settings.home / UNFINISHED_RESTORE).exists()


def begin(settings: Settings, plan: Plan) -> None:
    """Write the plan down; from here on there is no way back but ``finish``."""
    marker = settings.home / UNFINISHED_RESTORE
    draft = marker.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as out:
        out.write(plan.model_dump_json())
        out.flush()
        os.fsync(out.fileno())
    draft.replace(marker)
    flush_folder(settings.home)


def finish(settings: Settings) -> bool:
    """Do what the plan says and is not done yet; False when there is none. The home folder must be held."""
    if not is_begun(settings):
        return False
    marker = settings.home / UNFINISHED_RESTORE
    plan = Plan.model_validate_json(marker.read_text(encoding="utf-8"))
    for exchange in plan.exchanges:
        _exchange(exchange)
        faults.hit("restore:swapping")
    marker.unlink()
    flush_folder(settings.home)
    return True


def _exchange(exchange: Exchange) -> None:
    place, staged = exchange.place, exchange.staged
    if not staged.exists():
        return  # it is in its place already
    for beside in ("", *BESIDE_DATABASE):
        with contextlib.suppress(FileNotFoundError):
            place.with_name(place.name + beside).rename(_free(exchange.aside.with_name(exchange.aside.name + beside)))
    staged.rename(place)
    flush_folder(place.parent)


def _free(path: Path) -> Path:
    """The path, or one like it that nothing has: something may have come back between two tries."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
