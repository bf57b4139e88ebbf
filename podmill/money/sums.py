"""The sums: what an account has reserved and spent, moved only together with what they are the sums of.

    account.spent     what settled charges cost
    account.reserved  what reservations hold for their episodes, and what open charges (intents, in doubt) may cost

Together they are the account's purse; that one and all others of an episode (``podmill.money.purses``) move with them.
Rows are locked in one order everywhere: step run, charges, reservation, account, purses.
"""

from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, Row, select, update

from models.tables import Account, Episode, Reservation, table
from podmill.money import purses
from podmill.money.purses import Payer
from podmill.store.clock import now

ACCOUNT, EPISODE, RESERVATION = table(Account), table(Episode), table(Reservation)

WHOSE: Final = ("account", "show", "batch_id", "episode_id", "day")
"""Columns of reservations and charges: the payer."""


def payer_of(row: object) -> Payer:
    """Whose money a reservation or a charge is."""
    return Payer(*(getattr(row, name) for name in WHOSE))


def payer(connection: Connection, account: str, episode_id: str) -> Payer:
    """Who pays for an episode now: as its open reservation says, else from today on."""
    held = _reservation(connection, episode_id)
    return payer_of(held) if held is not None and held.open else _payer_today(connection, account, episode_id)


def reserve(connection: Connection, account: str, episode_id: str, amount_microusd: int) -> str:
    """Hold this much for an episode today, whatever it held before.

    Returns:
        The reservation's id.

    Raises:
        BudgetExceededError: a budget does not cover it; the transaction must be given up.
    """
    held = _reservation(connection, episode_id)
    paying = _payer_today(connection, account, episode_id)
    if held is not None and payer_of(held) != paying:
        # A day that is over gets no more money: who waits for the turn of its budget would wait for ever.
        close(connection, episode_id)
        _take(connection, paying, amount_microusd)
    else:
        _take(connection, paying, amount_microusd - (held.amount_microusd if held else 0))
    values = {name: getattr(paying, name) for name in WHOSE} | {"amount_microusd": amount_microusd, "open": True}
    if held:
        connection.execute(update(RESERVATION).where(RESERVATION.c.id == held.id).values(values))
        return str(held.id)
    made = uuid4().hex
    connection.execute(RESERVATION.insert().values(id=made, created_at=now(), **values))
    return made


def hold(connection: Connection, account: str, episode_id: str, amount_microusd: int) -> Payer:
    """Hold money for one request: its episode's reservation covers it, and the account what is beyond that.

    Returns:
        Whose money it is.

    Raises:
        BudgetExceededError: a budget does not cover the rest; the transaction must be given up.
    """
    held = _reservation(connection, episode_id)
    is_short = held is not None and held.open and held.amount_microusd < amount_microusd
    if held is not None and is_short and held.day != purses.today(connection):
        reserve(connection, account, episode_id, amount_microusd)
    paying = payer(connection, account, episode_id)
    _take(connection, paying, amount_microusd - _from_reservation(connection, paying, amount_microusd))
    return paying


def spend(connection: Connection, paying: Payer, *, held_microusd: int, billed_microusd: int) -> None:
    """What was held for a request is spent. A bill is a fact: what is above that is counted, whatever the budget."""
    extra = billed_microusd - held_microusd
    give_back(connection, paying, -extra)
    covered = _from_reservation(connection, paying, extra)
    connection.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == paying.account)
        .values(
            spent_microusd=ACCOUNT.c.spent_microusd + billed_microusd,
            reserved_microusd=ACCOUNT.c.reserved_microusd - (min(held_microusd, billed_microusd) + covered),
        )
    )
    purses.move(connection, paying, max(extra, 0) - covered, checked=False)


def give_back(connection: Connection, paying: Payer, amount_microusd: int) -> None:
    """A request needs this no longer: its episode may, as long as the reservation that it came from is open."""
    if amount_microusd <= 0:
        return
    held = _reservation(connection, paying.episode_id)
    if held is not None and held.open and payer_of(held) == paying:
        _add(connection, held, amount_microusd)
    else:
        _take(connection, paying, -amount_microusd)


def close(connection: Connection, episode_id: str) -> None:
    """Give back all that an episode still has reserved; its open charges hold their own money."""
    held = _reservation(connection, episode_id)
    if held is None or not held.open:
        return
    connection.execute(update(RESERVATION).where(RESERVATION.c.id == held.id).values(amount_microusd=0, open=False))
    _take(connection, payer_of(held), -held.amount_microusd)


def _payer_today(connection: Connection, account: str, episode_id: str) -> Payer:
    made = connection.execute(select(EPISODE.c.show, EPISODE.c.batch_id).where(EPISODE.c.id == episode_id)).one()
    return Payer(account, made.show, made.batch_id, episode_id, purses.today(connection))


def _take(connection: Connection, paying: Payer, amount_microusd: int) -> None:
    """Reserve money of an account; a negative amount gives some back."""
    if amount_microusd == 0:
        return
    connection.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == paying.account)
        .values(reserved_microusd=ACCOUNT.c.reserved_microusd + amount_microusd)
    )
    purses.move(connection, paying, amount_microusd)


def _from_reservation(connection: Connection, paying: Payer, amount_microusd: int) -> int:
    """Take up to this much out of an episode's reservation; the account's sum stays as it is."""
    if amount_microusd <= 0:
        return 0
    held = _reservation(connection, paying.episode_id)
    if held is None or not held.open or payer_of(held) != paying:
        return 0
    covered = min(int(held.amount_microusd), amount_microusd)
    _add(connection, held, -covered)
    return covered


def _add(connection: Connection, held: "Row[Reservation]", amount_microusd: int) -> None:
    connection.execute(
        update(RESERVATION)
        .where(RESERVATION.c.id == held.id)
        .values(amount_microusd=RESERVATION.c.amount_microusd + amount_microusd)
    )


def _reservation(connection: Connection, episode_id: str) -> "Row[Reservation] | None":
    """The reservation of an episode, which nobody else changes before the transaction ends."""
    return connection.execute(
        select(RESERVATION).where(RESERVATION.c.episode_id == episode_id).with_for_update()
    ).first()
