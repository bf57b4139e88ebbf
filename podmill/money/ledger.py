"""The ledger: reservations and paid requests, exact under any number of workers.

    (nothing) --intend--> intent --settle--> settled
                          intent --refuse--> refused          the provider did not charge for it
                          intent --(its worker is gone)--> in doubt --settle | refuse--> ...

An intent is committed before the request is sent, so no request can be forgotten; of all requests for the same content
of a step only one may be open. What is in doubt stays counted until somebody settles or refuses it.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, select, update

from models.steps import ChargeState, StepState
from models.tables import Charge
from podmill.limits.gate import Recent
from podmill.money import charge, purses, sums
from podmill.money.charge import CHARGE, OPEN, Bill, Purchase
from podmill.money.fence import STEP_RUN, Fence
from podmill.money.sums import ACCOUNT, WHOSE
from podmill.store.clock import now
from podmill.store.database import insert_into, reading, transaction
from podmill.store.outage import through_outages

OWNER: Final = "owner"
"""The tier of who runs Podmill: no limits but the budgets that are set."""

OVERLAP_S: Final = 3600.0
"""A request in the provider's record that is newer than a charge may belong to a charge this much older: one that was
under way; no request takes longer."""

WINDOW_S: Final = 62.0
"""The limiter's minute, and the 1.8 s that a request may be on its way (``podmill.limits.limiter``)."""

NO_REPLY_KEPT: Final = "The worker died before the reply was kept; our own engines bill only what they deliver."
WORKER_GONE: Final = "The worker died during the request."


class Ledger:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @through_outages
    def open_account(self, account: str, budget_microusd: int | None = None, *, tier: str = OWNER) -> None:
        """Make an account; one that exists keeps its tier and its budgets."""
        row = {"id": account, "tier": tier, "reserved_microusd": 0, "spent_microusd": 0, "created_at": now()}
        with transaction(self.engine) as connection:
            statement = insert_into(connection, ACCOUNT).values(row).on_conflict_do_nothing()
            made = connection.scalar(statement.returning(ACCOUNT.c.id))
            if made is not None and budget_microusd is not None:
                purses.set_budget(connection, f"account:{account}", "total", budget_microusd)

    @through_outages
    def reserve(self, account: str, amount_microusd: int, fence: Fence) -> str:
        """Hold money for the episode of a step; a second call adjusts the first one's amount.

        Returns:
            The reservation's id.

        Raises:
            BudgetExceededError: a budget does not cover it; nothing is held.
            LeaseLostError: another worker owns the step.
        """
        with transaction(self.engine) as connection:
            fence.hold(connection)
            return sums.reserve(connection, account, fence.episode_id, amount_microusd)

    @through_outages
    def release(self, episode_id: str) -> None:
        """Give back what an episode no longer needs; open charges stay held."""
        with transaction(self.engine) as connection:
            release(connection, episode_id)

    @through_outages
    def look(self, purchase: Purchase, fence: Fence, stamp: str, doubts: int = 0) -> Charge | None:
        """What stands in the way of asking for this content.

        Intents that another caller left are found out here: nobody else can be asking while the lease is ours.

        Args:
            stamp: of this caller; an intent under it was never sent.
            doubts: requests for it that may be in doubt without standing in the way.

        Returns:
            A charge that was settled and has its reply, or one in doubt; None when it may be asked for.

        Raises:
            LeaseLostError: another worker owns the step.
        """
        with transaction(self.engine) as connection:
            fence.hold(connection)
            return _standing(_found_out(connection, purchase, stamp), doubts)

    def intend(self, purchase: Purchase, fence: Fence, stamp: str, doubts: int = 0) -> Charge:
        """Write a request down before it is made, and hold its money. Repeating it with the same stamp changes nothing.

        The one transaction that does not wait for a database that is away: a slot of the limiter is held meanwhile.

        Returns:
            The intent, or what stands in its way, as ``look`` does.

        Raises:
            BudgetExceededError: neither the episode's reservation nor its account covers it; nothing is written.
            LeaseLostError: another worker owns the step.
        """
        with transaction(self.engine) as connection:
            fence.hold(connection)
            known = _found_out(connection, purchase, stamp)
            standing = _standing(known, doubts)
            if standing is not None:
                return standing
            mine = next((each for each in known if each.state == ChargeState.INTENT), None)
            if mine is not None:
                return mine
            paying = sums.hold(connection, purchase.account, purchase.episode_id, purchase.amount_microusd)
            attempt = max((each.attempt for each in known), default=0) + 1
            row = {
                "key": purchase.key(attempt),
                **{name: getattr(paying, name) for name in WHOSE},
                "step": purchase.step,
                "part": purchase.part,
                "content": purchase.content,
                "attempt": attempt,
                "lease_token": stamp,
                "provider": purchase.provider,
                "unit": purchase.unit,
                "quantity": purchase.quantity,
                "state": ChargeState.INTENT,
                "amount_microusd": purchase.amount_microusd,
                "cost_microusd": purchase.cost_microusd,
                "discount_percent": purchase.discount_percent,
                "created_at": now(),
            }
            return Charge(**connection.execute(CHARGE.insert().values(row).returning(CHARGE)).mappings().one())

    @through_outages
    def settle(
        self,
        key: str,
        bill: Bill,
        *,
        reply: dict[str, Any] | None = None,
        reason: str | None = None,
        late: bool = True,
    ) -> bool:
        """The request was made and paid for, and this came back: one transaction.

        Args:
            reason: why there is no reply, for people.
            late: it also counts when it was refused meanwhile: a bill is the truth, whoever gave the request up.

        Returns:
            False when it was closed before: nothing is changed.
        """
        with transaction(self.engine) as connection:
            current = charge.locked(connection, key)
            if current.state == ChargeState.REFUSED and not late:
                return False
            return charge.settle(connection, current, bill, reply=reply, reason=reason)

    @through_outages
    def recover(self, found: Charge, bill: Bill, reply: dict[str, Any]) -> bool:
        """As ``settle``, for a request in doubt that was found in the provider's record.

        Returns:
            False when it was closed before, or when that entry of the record belongs to another charge by now.
        """
        with transaction(self.engine) as connection:
            # Whoever recovers for a provider locks all its doubtful charges: of two that find the same entry one waits.
            doubtful = and_(CHARGE.c.state == ChargeState.IN_DOUBT, CHARGE.c.provider == found.provider)
            connection.execute(select(CHARGE.c.key).where(doubtful).order_by(CHARGE.c.key).with_for_update()).all()
            current = charge.locked(connection, found.key)
            if current.state not in OPEN or (bill.request_id and _taken(connection, current, bill.request_id)):
                return False
            return charge.settle(connection, current, bill, reply=reply, reason="Found in the provider's own record.")

    @through_outages
    def taken(self, found: Charge, request_id: str) -> bool:
        """Whether a request of the provider belongs to another charge than this one."""
        with reading(self.engine) as connection:
            return _taken(connection, found, request_id)

    @through_outages
    def refuse(self, key: str, reason: str) -> bool:
        """The provider did not do it, or was never asked, and charged nothing; False when it was closed before."""
        with transaction(self.engine) as connection:
            return charge.refuse(connection, charge.locked(connection, key), reason)

    @through_outages
    def doubt(self, key: str, reason: str) -> bool:
        """The request was sent and its outcome is not known; False when it was no intent any more."""
        with transaction(self.engine) as connection:
            return charge.doubt(connection, charge.locked(connection, key), reason)

    @through_outages
    def doubt_dead(self) -> int:
        """Put in doubt the intents of workers that hold no lease any more; returns how many there were."""
        with transaction(self.engine) as connection:
            return connection.execute(
                update(CHARGE)
                .where(CHARGE.c.state == ChargeState.INTENT, ~_alive())
                .values(state=ChargeState.IN_DOUBT, reason=WORKER_GONE)
            ).rowcount

    @through_outages
    def age_s(self, found: Charge) -> float:
        """Seconds since it was intended, by the clock of the database."""
        with reading(self.engine) as connection:
            return float(connection.scalar(select(now() - found.created_at)) or 0.0)

    def recent(self, provider: str) -> Recent:
        """Requests of the last minute, oldest first, and those under way: for a limiter that has lost its memory."""
        with reading(self.engine) as connection:
            age_s = now() - CHARGE.c.created_at
            ages = connection.scalars(
                select(age_s)
                .where(CHARGE.c.provider == provider, CHARGE.c.created_at > now() - WINDOW_S)
                .order_by(CHARGE.c.created_at)
            ).all()
            under_way = connection.scalar(
                select(func.count()).where(
                    CHARGE.c.state == ChargeState.INTENT, CHARGE.c.provider == provider, _alive()
                )
            )
        return Recent(tuple(max(float(age), 0.0) for age in ages), int(under_way or 0))

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


def release(connection: Connection, episode_id: str) -> None:
    """As ``Ledger.release``, within a transaction that is open already."""
    sums.close(connection, episode_id)


def _taken(connection: Connection, found: Charge, request_id: str) -> bool:
    others = and_(
        CHARGE.c.provider == found.provider,
        CHARGE.c.created_at > found.created_at - OVERLAP_S,
        CHARGE.c.request_id == request_id,
        CHARGE.c.key != found.key,
    )
    return connection.scalar(select(CHARGE.c.key).where(others).limit(1)) is not None


def _found_out(connection: Connection, purchase: Purchase, stamp: str) -> list[Charge]:
    """All charges for a content, after those that somebody else left open were found out."""
    rows = connection.execute(
        select(CHARGE)
        .where(
            CHARGE.c.episode_id == purchase.episode_id,
            CHARGE.c.step == purchase.step,
            CHARGE.c.content == purchase.content,
            CHARGE.c.account == purchase.account,
        )
        .order_by(CHARGE.c.attempt)
        .with_for_update()
    ).mappings()
    known = [Charge(**row) for row in rows.all()]
    for each in known:
        if each.state not in OPEN or each.lease_token == stamp:
            continue
        if purchase.own and charge.refuse(connection, each, NO_REPLY_KEPT):
            each.state = ChargeState.REFUSED
        elif charge.doubt(connection, each, WORKER_GONE):
            each.state = ChargeState.IN_DOUBT
    return known


def _standing(known: list[Charge], doubts: int) -> Charge | None:
    """What stands in the way of another request. A charge settled without a reply does not: it is written off."""
    for each in reversed(known):
        if each.state == ChargeState.SETTLED and each.reply is not None:
            return each
    doubtful = [each for each in known if each.state == ChargeState.IN_DOUBT]
    return doubtful[-1] if len(doubtful) > doubts else None


def _alive() -> ColumnElement[bool]:
    """Whether the lease that a charge was intended under is still held."""
    lease = and_(
        STEP_RUN.c.episode_id == CHARGE.c.episode_id,
        STEP_RUN.c.step == CHARGE.c.step,
        STEP_RUN.c.state == StepState.RUNNING,
        STEP_RUN.c.lease_expires_at > now(),
    )
    return exists().where(lease, CHARGE.c.lease_token.startswith(STEP_RUN.c.lease_token))
