"""What people see of paid requests, and what they decide where nobody else can say."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, RowMapping, Select, func, select, update

from models.steps import ChargeState, EpisodeState
from models.tables import Charge, Episode, Event, table
from podmill.errors import HeldError, InputError
from podmill.money import charge
from podmill.money.amounts import MICRO
from podmill.money.charge import CHARGE, ID_LENGTH, Bill, short_id
from podmill.money.ledger import Ledger
from podmill.store.clock import now
from podmill.store.database import reading, transaction

EPISODE, EVENT = table(Episode), table(Event)

LISTED: Final = (
    *("key", "episode_id", "step", "part", "attempt", "provider", "unit", "quantity", "state", "amount_microusd"),
    *("request_id", "reason", "created_at", "settled_at"),
)


class Entry(BaseModel):
    """A charge as a person sees it."""

    model_config = ConfigDict(frozen=True)

    id: str
    key: str
    episode_id: str
    episode: str
    """Its title."""
    step: str
    part: int
    attempt: int
    provider: str
    unit: str
    quantity: float
    state: ChargeState
    amount_usd: float
    request_id: str | None
    reason: str | None
    created_at: float
    """Seconds since 1970."""
    settled_at: float | None


def entries(engine: Engine, *, state: ChargeState | None = None, episode: str | None = None) -> list[Entry]:
    """Charges, newest first. Those of workers that died are put in doubt before.

    Args:
        episode: how the ids of the wanted episodes begin.
    """
    Ledger(engine).doubt_dead()
    wanted = _select()
    if state is not None:
        wanted = wanted.where(CHARGE.c.state == state)
    if episode is not None:
        wanted = wanted.where(CHARGE.c.episode_id.startswith(episode, autoescape=True))
    with reading(engine) as connection:
        newest_first = wanted.order_by(CHARGE.c.created_at.desc(), CHARGE.c.key)
        return [_entry(row) for row in connection.execute(newest_first).mappings()]


def settle(engine: Engine, name: str, cost_microusd: int | None = None) -> Entry:
    """It was charged, at what was expected unless a cost is given. Its reply is lost: the next try asks again.

    Raises:
        InputError: no charge, or more than one, has that name, or its outcome is known.
    """
    Ledger(engine).doubt_dead()
    with transaction(engine) as connection:
        found = _doubtful(connection, name)
        cost = found.cost_microusd if cost_microusd is None else cost_microusd
        bill = Bill(cost, found.quantity, found.request_id)
        charge.settle(connection, found, bill, reason="A person says that it was charged.")
        return _decided(connection, found, "settled")


def refuse(engine: Engine, name: str) -> Entry:
    """It was not charged.

    Raises:
        InputError: no charge, or more than one, has that name, or its outcome is known.
    """
    Ledger(engine).doubt_dead()
    with transaction(engine) as connection:
        found = _doubtful(connection, name)
        charge.refuse(connection, found, "A person says that it was not charged.")
        return _decided(connection, found, "refused")


def discard(engine: Engine, name: str) -> Entry:
    """What was paid for is of no use: it stays paid, and the next try pays for another.

    Raises:
        InputError: no charge, or more than one, has that name, or it has no reply.
    """
    with transaction(engine) as connection:
        found = _named(connection, name)
        if found.reply is None:
            raise InputError(
                f"The charge {short_id(found.key)} is {found.state} and has no reply that could be discarded.",
                action="Run: podmill charges",
            )
        values = {"reply": None, "reason": "A person discarded what was paid for."}
        connection.execute(update(CHARGE).where(CHARGE.c.key == found.key).values(values))
        return _decided(connection, found, "discarded")


def is_waiting(engine: Engine, episode_id: str) -> bool:
    """Whether an episode was held for a decision, and has none to wait for any more."""
    with reading(engine) as connection:
        held = connection.scalar(
            select(EPISODE.c.id).where(
                EPISODE.c.id == episode_id,
                EPISODE.c.state == EpisodeState.REVIEW,
                EPISODE.c.error_code == HeldError.code,
            )
        )
        doubtful = connection.scalar(
            select(func.count()).where(CHARGE.c.episode_id == episode_id, CHARGE.c.state == ChargeState.IN_DOUBT)
        )
        return held is not None and not doubtful


def _select() -> Select[Any]:
    columns = (CHARGE.c[name] for name in LISTED)
    title = func.coalesce(EPISODE.c.title, "").label("episode")
    return select(*columns, title).outerjoin(EPISODE, EPISODE.c.id == CHARGE.c.episode_id)


def _entry(row: RowMapping) -> Entry:
    return Entry(id=short_id(row["key"]), amount_usd=row["amount_microusd"] / MICRO, **row)


def _named(connection: Connection, name: str) -> Charge:
    """The charge of a short id, a key, or how one of them begins; locked."""
    if "/" in name:
        named = CHARGE.c.key.startswith(name, autoescape=True)
        keys = list(connection.scalars(select(CHARGE.c.key).where(named).limit(2)))
    else:
        # Short ids are not in the table: a key is enough for the machine, and people name few charges.
        digits = name.lower()
        known = connection.scalars(select(CHARGE.c.key), execution_options={"yield_per": 1000})
        keys = [key for key in known if digits and short_id(key).startswith(digits[:ID_LENGTH])]
    if len(keys) != 1:
        problem = "No charge has the id" if not keys else "More than one charge has an id that begins with"
        raise InputError(f"{problem} {name!r}.", action="Run: podmill charges")
    return charge.locked(connection, keys[0])


def _doubtful(connection: Connection, name: str) -> Charge:
    found = _named(connection, name)
    if found.state == ChargeState.IN_DOUBT:
        return found
    if found.state == ChargeState.INTENT:
        problem, action = "a worker is asking for it right now", "Wait for its outcome: podmill charges --state intent"
    else:
        problem, action = "its outcome is known", "Run: podmill charges --state in_doubt"
    raise InputError(f"The charge {short_id(found.key)} is {found.state}: {problem}.", action=action)


def _decided(connection: Connection, found: Charge, verb: str) -> Entry:
    data = {"charge": found.key, "decision": verb}
    connection.execute(EVENT.insert().values(episode_id=found.episode_id, at=now(), kind="charge_decided", data=data))
    return _entry(connection.execute(_select().where(CHARGE.c.key == found.key)).mappings().one())
