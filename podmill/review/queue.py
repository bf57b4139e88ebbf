"""The review queue: episodes that a person is to hear, and what was decided."""

from collections.abc import Collection
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Select, select, update

from models.review import IS_OPEN, ReviewRow
from models.tables import Episode, table
from podmill.errors import InputError
from podmill.store.clock import now
from podmill.store.database import insert_into, reading

EPISODE, REVIEW = table(Episode), table(ReviewRow)

Kind = Literal["sample", "doubtful", "failed"]
Decision = Literal["approved", "respoken", "edited", "rejected"]

NUMBER_DIGITS: Final = 7
"""A name of more digits is the beginning of an episode's id."""


class Entry(BaseModel):
    """An item of the queue as a person sees it. Lines count from 1."""

    model_config = ConfigDict(frozen=True)

    id: int
    episode_id: str
    title: str
    show: str
    batch_id: str | None
    episode_state: str
    kind: Kind
    reason: str
    lines: tuple[int, ...]
    """Those in question; none: all of it."""
    state: str
    decided_by: str | None
    decided_at: float | None
    """Seconds since 1970, as below."""
    note: str
    created_at: float


def put(connection: Connection, episode_id: str, kind: Kind, reason: str, lines: Collection[int] = ()) -> None:
    """Ask for an episode to be heard; one that is open already is asked for anew.

    Args:
        lines: those in question, from 0; none: all of it.
    """
    stated = {"episode_id": episode_id, "kind": kind, "reason": reason, "lines": sorted(set(lines)), "state": "open"}
    statement = insert_into(connection, REVIEW).values(**stated, note="", created_at=now())
    anew = {name: statement.excluded[name] for name in ("kind", "reason", "lines")}
    connection.execute(statement.on_conflict_do_update(index_elements=["episode_id"], index_where=IS_OPEN, set_=anew))


def close(connection: Connection, item: int, decision: Decision, by: str, note: str) -> bool:
    """Write down what was decided; False when somebody else was quicker: nothing is changed."""
    values = {"state": decision, "decided_by": by, "decided_at": now(), "note": note}
    mine = update(REVIEW).where(REVIEW.c.id == item, REVIEW.c.state == "open").values(values)
    return connection.execute(mine).rowcount == 1


def drop(connection: Connection, episode_ids: Collection[str], *kinds: Kind) -> None:
    """What was asked of these episodes is settled in another way: they were put back, or cancelled."""
    which = [REVIEW.c.kind.in_(kinds)] if kinds else []
    asked = update(REVIEW).where(REVIEW.c.episode_id.in_(episode_ids), REVIEW.c.state == "open", *which)
    connection.execute(asked.values(state="closed", decided_at=now()))


def approved_at(connection: Connection, episode_id: str) -> float | None:
    """When a person last approved an episode; seconds since 1970."""
    approvals = select(REVIEW.c.decided_at).where(REVIEW.c.episode_id == episode_id, REVIEW.c.state == "approved")
    found: float | None = connection.scalar(approvals.order_by(REVIEW.c.decided_at.desc()).limit(1))
    return found


def entries(
    engine: Engine,
    *,
    show: str | None = None,
    kind: Kind | None = None,
    decided: bool = False,
    limit: int | None = None,
) -> list[Entry]:
    """What waits for a person: those that stand still first, oldest before newer; or what was decided, latest first."""
    wanted = _select().where(_among(decided)).limit(limit)
    if show is not None:
        wanted = wanted.where(EPISODE.c.show == show)
    if kind is not None:
        wanted = wanted.where(REVIEW.c.kind == kind)
    if decided:
        wanted = wanted.order_by(REVIEW.c.decided_at.desc(), REVIEW.c.id.desc())
    else:
        waits = EPISODE.c.state == "review"
        wanted = wanted.order_by(waits.desc(), REVIEW.c.created_at, REVIEW.c.id)
    with reading(engine) as connection:
        return [_entry(row) for row in connection.execute(wanted).mappings()]


def shows(engine: Engine, *, decided: bool = False) -> set[str]:
    """The shows of what waits for a person, or of what was decided."""
    wanted = select(EPISODE.c.show).distinct().join_from(REVIEW, EPISODE).where(_among(decided))
    with reading(engine) as connection:
        return set(connection.scalars(wanted))


def find(connection: Connection, name: str) -> Entry:
    """An item by its number, or the open (else the latest) one of an episode, by how that one's id begins.

    Raises:
        InputError: there is none, or more than one.
    """
    is_number = name.isdecimal() and len(name) <= NUMBER_DIGITS
    wanted = REVIEW.c.id == int(name) if is_number else EPISODE.c.id.startswith(name, autoescape=True)
    open_first = (REVIEW.c.state != "open", REVIEW.c.id.desc())
    rows = connection.execute(_select().where(wanted).order_by(*open_first)).mappings().all() if name else []
    if len({row["episode_id"] for row in rows}) != 1:
        problem = "Nothing in the review queue has the id" if not rows else "More than one episode's id begins with"
        raise InputError(f"{problem} {name!r}.", action="Run: podmill review list")
    return _entry(rows[0])


def _among(decided: bool) -> ColumnElement[bool]:
    return REVIEW.c.state != "open" if decided else REVIEW.c.state == "open"


def _select() -> Select[Any]:
    of_episode = (EPISODE.c.title, EPISODE.c.show, EPISODE.c.batch_id, EPISODE.c.state.label("episode_state"))
    return select(*REVIEW.c, *of_episode).join_from(REVIEW, EPISODE)


def _entry(row: RowMapping) -> Entry:
    return Entry.model_validate({**row, "lines": tuple(index + 1 for index in row["lines"])})
