"""The ledger: reservations and charges, exact under any number of workers.

An account's sums change only in the statement that also checks its budget, so no interleaving can overspend it. Money
in doubt stays counted until somebody settles or refuses it.
"""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, Engine, func, select, update

from models.steps import ChargeState
from models.tables import Account, Charge, Reservation, table
from podmill.errors import BudgetExceededError
from podmill.store.clock import now
from podmill.store.database import insert_into, reading, transaction

ACCOUNT, CHARGE, RESERVATION = table(Account), table(Charge), table(Reservation)


@dataclass(frozen=True, slots=True)
class Intent:
    """A request about to be paid for."""

    account: str
    episode_id: str
    step: str
    part: int
    content: str
    """Hash of what is asked for."""
    attempt: int
    provider: str
    unit: str
    quantity: float
    amount_microusd: int

    @property
    def key(self) -> str:
        return f"{self.account}/{self.episode_id}/{self.step}/{self.part}/{self.content[:32]}/{self.attempt}"


class Ledger:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def open_account(self, account: str, budget_microusd: int | None) -> None:
        """Make an account; one that exists keeps its budget."""
        row = {"id": account, "budget_microusd": budget_microusd, "reserved_microusd": 0, "spent_microusd": 0}
        with transaction(self.engine) as connection:
            connection.execute(insert_into(connection, ACCOUNT).values(row).on_conflict_do_nothing())

    def reserve(self, account: str, episode_id: str, amount_microusd: int) -> str:
        """Hold money for an episode; a second call adjusts the first one's amount.

        Returns:
            The reservation's id.

        Raises:
            BudgetExceededError: the account cannot cover it; nothing is held.
        """
        with transaction(self.engine) as connection:
            held = connection.execute(
                select(RESERVATION.c.id, RESERVATION.c.amount_microusd, RESERVATION.c.open)
                .where(RESERVATION.c.episode_id == episode_id)
                .with_for_update()
            ).first()
            difference = amount_microusd - (held.amount_microusd if held and held.open else 0)
            self._take(connection, account, difference)
            if held:
                values = {"amount_microusd": amount_microusd, "open": True}
                connection.execute(update(RESERVATION).where(RESERVATION.c.id == held.id).values(values))
                return str(held.id)
            row = {
                "id": uuid4().hex,
                "account": account,
                "episode_id": episode_id,
                "amount_microusd": amount_microusd,
                "open": True,
                "created_at": now(),
            }
            connection.execute(RESERVATION.insert().values(row))
            return str(row["id"])

    def _take(self, connection: Connection, account: str, amount_microusd: int) -> None:
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
            f"The account {account!r} has {_usd(left)} USD left; {_usd(amount_microusd)} USD are needed.",
            action="Raise its budget, or ask for fewer minutes or a cheaper voice, then run: podmill retry",
        )

    def intend(self, intent: Intent) -> ChargeState:
        """Write down a paid request before it is made; returns INTENT the first time, else the state it is in."""
        row = {
            "key": intent.key,
            "account": intent.account,
            "episode_id": intent.episode_id,
            "step": intent.step,
            "provider": intent.provider,
            "unit": intent.unit,
            "quantity": intent.quantity,
            "state": ChargeState.INTENT,
            "amount_microusd": intent.amount_microusd,
            "created_at": now(),
        }
        with transaction(self.engine) as connection:
            statement = insert_into(connection, CHARGE).values(row).on_conflict_do_nothing().returning(CHARGE.c.key)
            if connection.scalar(statement) is not None:
                return ChargeState.INTENT
            # An intent that is found again belongs to a worker that died in the call: its outcome is not known.
            connection.execute(
                update(CHARGE)
                .where(CHARGE.c.key == intent.key, CHARGE.c.state == ChargeState.INTENT)
                .values(state=ChargeState.IN_DOUBT, reason="The worker died during the request.")
            )
            state = connection.scalar(select(CHARGE.c.state).where(CHARGE.c.key == intent.key))
            return ChargeState(str(state))

    def settle(self, intent: Intent, *, amount_microusd: int | None = None, request_id: str | None = None) -> None:
        """The request was made and paid; a second call changes nothing."""
        amount = intent.amount_microusd if amount_microusd is None else amount_microusd
        with transaction(self.engine) as connection:
            settled = connection.execute(
                update(CHARGE)
                .where(CHARGE.c.key == intent.key, CHARGE.c.state.in_((ChargeState.INTENT, ChargeState.IN_DOUBT)))
                .values(
                    state=ChargeState.SETTLED,
                    amount_microusd=amount,
                    request_id=request_id,
                    settled_at=now(),
                    reason=None,
                )
            )
            if settled.rowcount == 1:
                self._spend(connection, intent.account, intent.episode_id, amount)

    def _spend(self, connection: Connection, account: str, episode_id: str, amount_microusd: int) -> None:
        held = connection.scalar(
            select(RESERVATION.c.amount_microusd)
            .where(RESERVATION.c.episode_id == episode_id, RESERVATION.c.open)
            .with_for_update()
        )
        from_held = min(int(held or 0), amount_microusd)
        connection.execute(
            update(RESERVATION)
            .where(RESERVATION.c.episode_id == episode_id)
            .values(amount_microusd=RESERVATION.c.amount_microusd - from_held)
        )
        connection.execute(
            update(ACCOUNT)
            .where(ACCOUNT.c.id == account)
            .values(
                spent_microusd=ACCOUNT.c.spent_microusd + amount_microusd,
                reserved_microusd=ACCOUNT.c.reserved_microusd - from_held,
            )
        )

    def refuse(self, intent: Intent, reason: str) -> None:
        """The provider did not do it and did not charge for it."""
        with transaction(self.engine) as connection:
            connection.execute(
                update(CHARGE)
                .where(CHARGE.c.key == intent.key, CHARGE.c.state.in_((ChargeState.INTENT, ChargeState.IN_DOUBT)))
                .values(state=ChargeState.REFUSED, amount_microusd=0, reason=reason, settled_at=now())
            )

    def drop_unsent(self, episode_id: str, step: str) -> None:
        """Refuse the intents of workers that died, where an engine of our own bills only what it delivers."""
        with transaction(self.engine) as connection:
            connection.execute(
                update(CHARGE)
                .where(CHARGE.c.episode_id == episode_id, CHARGE.c.step == step, CHARGE.c.state == ChargeState.INTENT)
                .values(state=ChargeState.REFUSED, amount_microusd=0, reason="The worker died.", settled_at=now())
            )

    def release(self, episode_id: str) -> None:
        """Give back what an episode no longer needs; money in doubt stays held."""
        with transaction(self.engine) as connection:
            release(connection, episode_id)

    def spent_microusd(self, episode_id: str) -> int:
        """Settled and in doubt, for one episode."""
        counted = CHARGE.c.state.in_((ChargeState.SETTLED, ChargeState.IN_DOUBT))
        with reading(self.engine) as connection:
            total = connection.scalar(
                select(func.coalesce(func.sum(CHARGE.c.amount_microusd), 0)).where(
                    CHARGE.c.episode_id == episode_id, counted
                )
            )
            return int(total or 0)


def _usd(amount_microusd: int) -> str:
    """Dollars and cents, and what is below a cent only where there is some."""
    return f"{amount_microusd / 1_000_000:.{2 if amount_microusd % 10_000 == 0 else 6}f}"


def release(connection: Connection, episode_id: str) -> None:
    """As ``Ledger.release``, within a transaction that is open already."""
    reservation = connection.execute(
        select(RESERVATION).where(RESERVATION.c.episode_id == episode_id, RESERVATION.c.open).with_for_update()
    ).first()
    if reservation is None:
        return
    doubt = connection.scalar(
        select(func.coalesce(func.sum(CHARGE.c.amount_microusd), 0)).where(
            CHARGE.c.episode_id == episode_id, CHARGE.c.state.in_((ChargeState.INTENT, ChargeState.IN_DOUBT))
        )
    )
    kept = min(int(doubt or 0), reservation.amount_microusd)
    connection.execute(
        update(RESERVATION).where(RESERVATION.c.id == reservation.id).values(amount_microusd=kept, open=kept > 0)
    )
    connection.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == reservation.account)
        .values(reserved_microusd=ACCOUNT.c.reserved_microusd - (reservation.amount_microusd - kept))
    )
