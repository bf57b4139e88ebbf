"""The sums: what an account has reserved and spent, moved only together with what they are the sums of.

    account.spent     what settled charges cost
    account.reserved  what reservations hold for their episodes, and what open charges (intents, in doubt) may cost

A sum grows only in the statement that checks the budget, so no interleaving can overspend it. Rows are locked in one
order everywhere: step run, charges, reservation, account.
"""

from sqlalchemy import Connection, select, update

from models.tables import Account, Reservation, table
from podmill.errors import BudgetExceededError
from podmill.money.amounts import usd

ACCOUNT, RESERVATION = table(Account), table(Reservation)


def take(connection: Connection, account: str, amount_microusd: int) -> None:
    """Reserve money of an account; a negative amount gives some back.

    Raises:
        BudgetExceededError: its budget does not cover it.
    """
    total = ACCOUNT.c.spent_microusd + ACCOUNT.c.reserved_microusd + amount_microusd
    fits = ACCOUNT.c.budget_microusd.is_(None) | (total <= ACCOUNT.c.budget_microusd)
    allowed = fits if amount_microusd > 0 else ACCOUNT.c.id.is_not(None)
    taken = connection.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == account, allowed)
        .values(reserved_microusd=ACCOUNT.c.reserved_microusd + amount_microusd)
    )
    if taken.rowcount == 1:
        return
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == account)).first()
    left = (row.budget_microusd - row.spent_microusd - row.reserved_microusd) if row else 0
    raise BudgetExceededError(
        f"The account {account!r} has {usd(max(left, 0))} USD left; {usd(amount_microusd)} USD are needed.",
        action="Raise its budget, or ask for fewer minutes or a cheaper voice, then run: podmill retry",
    )


def hold(connection: Connection, account: str, episode_id: str, amount_microusd: int) -> None:
    """Hold money for one request: its episode's reservation covers it, and the account what is beyond that.

    Raises:
        BudgetExceededError: the account cannot cover the rest.
    """
    covered = _from_reservation(connection, episode_id, amount_microusd)
    if amount_microusd > covered:
        take(connection, account, amount_microusd - covered)


def spend(connection: Connection, account: str, episode_id: str, *, held_microusd: int, billed_microusd: int) -> None:
    """What was held for a request is spent. A bill is a fact: what is above that is counted, whatever the budget."""
    extra = billed_microusd - held_microusd
    give_back(connection, account, episode_id, -extra)
    covered = _from_reservation(connection, episode_id, max(extra, 0))
    connection.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == account)
        .values(
            spent_microusd=ACCOUNT.c.spent_microusd + billed_microusd,
            reserved_microusd=ACCOUNT.c.reserved_microusd - (min(held_microusd, billed_microusd) + covered),
        )
    )


def give_back(connection: Connection, account: str, episode_id: str, amount_microusd: int) -> None:
    """A request needs this no longer: its episode may, as long as its reservation is open."""
    if amount_microusd <= 0:
        return
    returned = connection.execute(
        update(RESERVATION)
        .where(RESERVATION.c.episode_id == episode_id, RESERVATION.c.open)
        .values(amount_microusd=RESERVATION.c.amount_microusd + amount_microusd)
    )
    if returned.rowcount == 0:
        take(connection, account, -amount_microusd)


def close(connection: Connection, episode_id: str) -> None:
    """Give back all that an episode still has reserved; its open charges hold their own money."""
    row = connection.execute(
        select(RESERVATION.c.account, RESERVATION.c.amount_microusd)
        .where(RESERVATION.c.episode_id == episode_id, RESERVATION.c.open)
        .with_for_update()
    ).first()
    if row is None:
        return
    closed = update(RESERVATION).where(RESERVATION.c.episode_id == episode_id).values(amount_microusd=0, open=False)
    connection.execute(closed)
    take(connection, row.account, -row.amount_microusd)


def _from_reservation(connection: Connection, episode_id: str, amount_microusd: int) -> int:
    """Take up to this much out of an episode's reservation; the account's sum stays as it is."""
    if amount_microusd <= 0:
        return 0
    row = connection.execute(
        select(RESERVATION.c.id, RESERVATION.c.amount_microusd)
        .where(RESERVATION.c.episode_id == episode_id, RESERVATION.c.open)
        .with_for_update()
    ).first()
    covered = min(row.amount_microusd, amount_microusd) if row else 0
    if covered and row:
        connection.execute(
            update(RESERVATION)
            .where(RESERVATION.c.id == row.id)
            .values(amount_microusd=RESERVATION.c.amount_microusd - covered)
        )
    return covered
