"""How every paid request is made: a slot of the limiter, an intent, the request, its reply kept, the bill settled.

Whatever dies between two of these leaves a charge that says how far it came, and ``buy`` goes on from there: a reply
that was kept is used, an outcome that is not known is looked up or held, and nothing is asked for twice.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from models.steps import ChargeState
from models.tables import Charge
from podmill import faults
from podmill.errors import (
    ConfigurationError,
    HeldError,
    InDoubtError,
    QuotaError,
    RefusedError,
    SpeechError,
    StoreError,
    TransientError,
    VoiceError,
    WaitError,
    WastedError,
)
from podmill.limits.limiter import Slot
from podmill.money.amounts import usd
from podmill.money.charge import Bill, Purchase, short_id
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.offer import Answer, Offer, Receipt, awaiting
from podmill.store.outage import is_outage

log = logging.getLogger(__name__)

SEND_WITHIN_S: Final = 1.0
"""Of getting a slot: one that is used later may break the limit of the provider's own minute. A worker that stalls for
so long may have lost its lease as well."""

WASTED_MAX: Final = 3
"""Requests in a row that a provider charges for nothing of use, before no further one is made."""

Policy = Literal["recover", "retry_once", "hold"]

UNCHARGED: Final = (
    *(TransientError, ConfigurationError, QuotaError, RefusedError, VoiceError, HeldError, SpeechError),
)
"""Errors that say that the provider refused: it made and charged nothing. After any other, nobody knows."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a step buys: the ledger, its lease, the limiter, and what to do when an outcome is not known."""

    ledger: Ledger
    fence: Fence
    slot: Callable[[], AbstractContextManager[Slot | None]]
    """One request's worth of the provider's limits; taken for each request, given back after it."""
    policy: Policy


class _NotAskedError(Exception):
    """The slot was given back unused: something stands in the way now, or the database is away."""


def buy(purchase: Purchase, offer: Offer[Answer], counter: Counter) -> tuple[Answer, Charge]:
    """The answer to a paid request, asked for at most once, and the charge that paid for it.

    Raises:
        BudgetExceededError: nobody covers it; nothing was asked.
        HeldError: its outcome, or that of an earlier one, is not known, and a person must say.
        LeaseLostError: another worker owns the step; nothing was asked.
        TransientError: it may work later, and nothing was charged.
        WaitError: likewise; or the outcome of an earlier request cannot be known yet.
        Exception: as the provider raised it; the request is refused where it says so, else in doubt. Where it was
            charged for nothing of use: what the provider says that this means.
    """
    wasted = 0
    doubts = 1 if counter.policy == "retry_once" else 0
    stamp = _stamp(counter.fence)
    while True:
        standing = counter.ledger.look(purchase, counter.fence, stamp, doubts)
        if standing is None:
            try:
                return _ask(purchase, offer, counter, stamp, doubts)
            except _NotAskedError:
                continue
            except InDoubtError as exc:
                log.warning("part %s of %s is in doubt: %s", purchase.part, purchase.episode_id, exc)
                stamp = _stamp(counter.fence)
            except WastedError as exc:
                log.warning("part %s of %s was paid for in vain: %s", purchase.part, purchase.episode_id, exc)
                wasted += 1
                if not exc.again or wasted == WASTED_MAX:
                    raise exc.then from exc
                stamp = _stamp(counter.fence)
        elif standing.state == ChargeState.SETTLED:
            return _restored(standing, offer), standing
        else:
            _resolve(standing, purchase, offer, counter)


def _stamp(fence: Fence) -> str:
    """Marks the intent of one request: one that is found open under another stamp may have been sent."""
    return f"{fence.token}/{uuid4().hex}"


def _ask(purchase: Purchase, offer: Offer[Answer], counter: Counter, stamp: str, doubts: int) -> tuple[Answer, Charge]:
    ledger = counter.ledger
    with counter.slot() as slot:
        began_s = monotonic()
        try:
            charge = ledger.intend(purchase, counter.fence, stamp, doubts)
        except SQLAlchemyError as exc:
            if is_outage(exc):
                raise _NotAskedError from exc
            raise
        if charge.lease_token != stamp:
            raise _NotAskedError
        faults.hit("charge:intended")
        late_s = monotonic() - began_s
        if late_s >= min(SEND_WITHIN_S, counter.fence.lease_s):
            ledger.refuse(charge.key, f"Never sent: its turn had passed {late_s:.1f} s before.")
            raise WaitError(
                f"A request to {purchase.provider} was ready {late_s:.1f} s after its turn, which is too late.",
                action="Nothing to do: it waits for another turn. If it stays so, look at the database: it is slow.",
                retry_after_s=1.0,
            )
        try:
            with awaiting(slot.answered if slot else None):
                answer = offer.ask()
        except WastedError as exc:
            # Settled without a reply, it stands in nobody's way: it is written off.
            ledger.settle(charge.key, bill_of(purchase, exc.receipt), reason=str(exc), late=not purchase.own)
            raise
        except Exception as exc:
            free = purchase.own or isinstance(exc, UNCHARGED)
            (ledger.refuse if free else ledger.doubt)(charge.key, str(exc) or type(exc).__name__)
            raise
        faults.hit("charge:called")
        # Before the slot is given back, which asks another server: until it is kept, the reply is in memory only.
        reply = _kept(answer, offer, ledger, charge)
        receipt = offer.receipt(answer)
        if slot is not None and receipt is not None:
            slot.tell(at_once=receipt.at_once, at_once_max=receipt.at_once_max)
    faults.hit("charge:kept")
    ledger.settle(charge.key, bill_of(purchase, receipt), reply=reply, late=not purchase.own)
    faults.hit("charge:settled")
    return answer, charge


def _kept(answer: Answer, offer: Offer[Answer], ledger: Ledger, charge: Charge) -> dict[str, Any]:
    try:
        return offer.keep(answer)
    except Exception as exc:
        ledger.doubt(charge.key, f"The reply could not be kept: {exc}")
        raise


def _restored(charge: Charge, offer: Offer[Answer]) -> Answer:
    try:
        return offer.restore(charge.reply or {})
    except StoreError as exc:
        raise useless(charge, exc) from exc


def _resolve(charge: Charge, purchase: Purchase, offer: Offer[Answer], counter: Counter) -> None:
    """Find out what became of a request in doubt: it is settled or refused when this returns.

    Raises:
        HeldError: only a person can say.
        WaitError: the provider's record may not have it yet.
        TransientError: the record cannot be read now.
    """
    ledger = counter.ledger
    if counter.policy != "recover" or offer.record_after_s is None:
        raise _held(charge)
    wait_s = offer.record_after_s + SEND_WITHIN_S - ledger.age_s(charge)
    with counter.slot():
        answer = offer.find(charge.created_at, lambda request_id: ledger.taken(charge, request_id))
    if answer is not None:
        bill = bill_of(purchase, offer.receipt(answer))
        if bill.quantity == charge.quantity:
            # It was made at the price of then, which may have changed.
            bill = replace(bill, cost_microusd=charge.cost_microusd)
        if not ledger.recover(charge, bill, offer.keep(answer)):
            raise WaitError(f"Another charge of {charge.provider} was faster to the same record.", retry_after_s=1.0)
    elif wait_s > 0:
        raise WaitError(
            f"The outcome of a paid request to {charge.provider} is not known; its record can tell in {wait_s:.0f} s.",
            retry_after_s=wait_s,
        )
    else:
        ledger.refuse(charge.key, "Never made: the provider's own record does not have it.")


def bill_of(purchase: Purchase, receipt: Receipt | None) -> Bill:
    """What a request cost: as the provider said, else what was expected."""
    if receipt is None or receipt.billed is None:
        request_id = None if receipt is None else receipt.request_id
        return Bill(purchase.cost_microusd, purchase.quantity, request_id)
    return purchase.bill(receipt.billed, receipt.request_id)


def _held(charge: Charge) -> HeldError:
    name = short_id(charge.key)
    return HeldError(
        f"A request to {charge.provider} for {usd(charge.amount_microusd)} USD was sent and its outcome is not known.",
        action=f"Look it up at {charge.provider}, then run: podmill charges settle {name} (it was charged), "
        f"or: podmill charges refuse {name} (it was not)",
    )


def useless(charge: Charge, why: Exception) -> HeldError:
    """What a step raises when the reply it paid for cannot be used: a person decides whether to pay again."""
    return HeldError(
        f"What {charge.provider} was paid {usd(charge.amount_microusd)} USD for cannot be used: {why}",
        action=f"To pay for another one, run: podmill charges discard {short_id(charge.key)}",
    )
