"""Owners of purses, as people name them: ``account:NAME``, ``show:SLUG``, ``batch:ID``, ``episode:ID``."""

from typing import Final

from sqlalchemy import Engine, select

from models.tables import Account, Batch, Episode, Show, table
from podmill.errors import InputError
from podmill.store.database import reading

NAMES: Final = {
    "account": table(Account).c.id,
    "show": table(Show).c.slug,
    "batch": table(Batch).c.id,
    "episode": table(Episode).c.id,
}
"""Where the name of each kind of owner is."""


def known(engine: Engine, named: str) -> str:
    """The owner of a name, whose last part may be how it begins.

    Raises:
        InputError: there is no such owner, or more than one.
    """
    kind, _, name = named.partition(":")
    if kind not in NAMES or not name:
        raise InputError(
            f"{named!r} names no owner of a budget.", action="Write account:NAME, show:SLUG, batch:ID or episode:ID."
        )
    column = NAMES[kind]
    with reading(engine) as connection:
        found = list(connection.scalars(select(column).where(column.startswith(name, autoescape=True)).limit(2)))
        whole = connection.scalar(select(column).where(column == name))
    if whole is None and len(found) != 1:
        problem = f"There is no {kind}" if not found else f"More than one {kind} has a name that begins with"
        raise InputError(f"{problem} {name!r}.", action="See: podmill account list, podmill show list, podmill status")
    return f"{kind}:{whole or found[0]}"
