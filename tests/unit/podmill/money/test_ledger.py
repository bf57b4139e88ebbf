"""The ledger balances, no interleaving overspends an account, and only who holds the lease may spend."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from models.steps import ChargeState
from podmill.errors import BudgetExceededError, LeaseLostError, QuoteExceededError
from podmill.money.charge import CHARGE, Bill
from podmill.store.clock import now
from podmill.store.database import transaction
from tests.unit.podmill.money.provider import (
    account,
    charges,
    check_sums,
    claim,
    make_episode,
    purchase,
    set_budget,
    states,
)

DOLLAR = 1_000_000


def bill(dollars: float, request_id: str | None = None) -> Bill:
    return Bill(round(dollars * DOLLAR), dollars * 1000, request_id)


def test_racing_workers_reserve_exactly_what_is_there(engine, ledger, show):
    """Twenty episodes of 1.00 USD race for 7.50 USD: seven get it."""
    set_budget(engine, 7_500_000)
    fences = [claim(engine, make_episode(engine, show, str(n)), "cost_check") for n in range(20)]

    def ask(fence) -> bool:
        try:
            ledger.reserve("default", DOLLAR, fence)
        except BudgetExceededError:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        granted = list(pool.map(ask, fences))

    assert sum(granted) == 7
    check_sums(engine)


def test_racing_workers_spend_the_last_dollar_once(engine, ledger, show):
    """Ten steps without reservations intend 1.00 USD each of 3.50 USD: three may ask."""
    set_budget(engine, 3_500_000)
    fences = [claim(engine, make_episode(engine, show, str(n))) for n in range(10)]

    def intend(fence) -> bool:
        try:
            ledger.intend(purchase(fence.episode_id), fence, "stamp")
        except BudgetExceededError:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        granted = list(pool.map(intend, fences))

    assert sum(granted) == 3
    assert states(engine) == ["intent"] * 3
    check_sums(engine)


def test_within_the_quote_or_not_at_all(engine, ledger, fence):
    """1.00 USD of 1.50 USD that are held; no further 1.00 USD, whatever the account has, unless it may be beyond."""
    ledger.reserve("default", 1_500_000, fence)
    within = [replace(purchase(fence.episode_id, content), within_quote=True) for content in ("one", "two")]
    ledger.intend(within[0], fence, "stamp")
    with pytest.raises(QuoteExceededError, match=r"would cost 1\.00 USD; 0\.50 USD is left"):
        ledger.intend(within[1], fence, "other")
    assert states(engine) == ["intent"]
    check_sums(engine)
    ledger.intend(purchase(fence.episode_id, "two"), fence, "third")
    assert states(engine) == ["intent"] * 2
    check_sums(engine)


def test_an_intent_is_held_by_the_reservation_first(engine, ledger, fence):
    """1.00 USD of a reservation of 1.50 USD: the account's sum stays, and what is left is released."""
    set_budget(engine, 1_500_000)
    ledger.reserve("default", 1_500_000, fence)
    charge = ledger.intend(purchase(fence.episode_id), fence, "stamp")
    check_sums(engine)
    assert account(engine).reserved_microusd == 1_500_000

    ledger.settle(charge.key, bill(1))
    ledger.settle(charge.key, bill(1))
    ledger.release(fence.episode_id)

    check_sums(engine)
    assert (account(engine).spent_microusd, account(engine).reserved_microusd) == (DOLLAR, 0)
    assert ledger.spent_microusd(fence.episode_id) == DOLLAR


def test_what_the_reservation_does_not_cover_needs_the_budget(engine, ledger, fence):
    """0.40 USD are reserved and 0.50 USD are free: 1.00 USD is refused, and nothing is written or held."""
    set_budget(engine, 900_000)
    ledger.reserve("default", 400_000, fence)

    with pytest.raises(BudgetExceededError, match=r"0\.50 USD left; 0\.60 USD are needed"):
        ledger.intend(purchase(fence.episode_id), fence, "stamp")

    assert charges(engine) == []
    assert account(engine).reserved_microusd == 400_000
    check_sums(engine)


def test_the_refusal_says_amounts_below_a_cent(engine, ledger, fence):
    """Not that nothing is left and nothing is needed."""
    set_budget(engine, 100)

    with pytest.raises(BudgetExceededError, match=r"0\.000100 USD left; 0\.002040 USD are needed"):
        ledger.reserve("default", 2_040, fence)


@pytest.mark.parametrize("spend", ["reserve", "look", "intend"])
def test_who_lost_the_lease_spends_nothing(engine, ledger, fence, spend):
    """Another worker took the step over: the first one holds no money and writes no intent."""
    claim(engine, fence.episode_id)
    reserving = ("default", DOLLAR, fence)
    asking = (purchase(fence.episode_id), fence, "stamp")

    with pytest.raises(LeaseLostError):
        getattr(ledger, spend)(*(reserving if spend == "reserve" else asking))

    assert charges(engine) == []
    assert account(engine).reserved_microusd == 0


def test_an_intent_again_with_its_stamp_is_the_same(engine, ledger, fence):
    """A commit whose answer was lost is repeated: one charge, its money held once."""
    first = ledger.intend(purchase(fence.episode_id), fence, "stamp")
    again = ledger.intend(purchase(fence.episode_id), fence, "stamp")

    assert (again.key, again.state) == (first.key, ChargeState.INTENT)
    assert account(engine).reserved_microusd == DOLLAR
    check_sums(engine)


def test_an_intent_of_somebody_else_is_in_doubt_and_counted(engine, ledger, fence):
    """Also after its episode gave everything else back; the reason says what happened."""
    ledger.reserve("default", 2 * DOLLAR, fence)
    ledger.intend(purchase(fence.episode_id), fence, "first")
    ledger.release(fence.episode_id)

    standing = ledger.look(purchase(fence.episode_id), fence, "second")

    assert (standing.state, charges(engine)[0].reason) == ("in_doubt", "The worker died during the request.")
    assert account(engine).reserved_microusd == DOLLAR
    assert ledger.spent_microusd(fence.episode_id) == DOLLAR
    check_sums(engine)


def test_an_engine_of_our_own_is_never_in_doubt(engine, ledger, fence):
    """What it did not deliver was never charged: the intent of a dead worker is refused, and asked for again."""
    first = ledger.intend(purchase(fence.episode_id, own=True), fence, "first")
    second = ledger.intend(purchase(fence.episode_id, own=True), fence, "second")

    assert states(engine) == ["refused", "intent"]
    assert second.attempt == 2
    assert ledger.settle(first.key, bill(1), late=False) is False
    check_sums(engine)


def test_a_refused_request_costs_nothing(engine, ledger, fence):
    """It is kept with its reason; its money goes back to its episode, and from there to the account."""
    ledger.reserve("default", DOLLAR, fence)
    charge = ledger.intend(purchase(fence.episode_id), fence, "stamp")
    assert ledger.refuse(charge.key, "No voice.")
    assert not ledger.refuse(charge.key, "Again.")
    check_sums(engine)
    ledger.release(fence.episode_id)

    assert [(row.state, row.reason) for row in charges(engine)] == [("refused", "No voice.")]
    assert account(engine).reserved_microusd == 0
    check_sums(engine)


@pytest.mark.parametrize("billed", [0.25, 1.0, 1.75])
@pytest.mark.parametrize("reserved", [0.0, 1.0, 3.0])
def test_what_was_billed_is_what_is_spent(engine, ledger, fence, billed, reserved):
    """Less gives the rest back, more takes from the reservation and then from the account."""
    ledger.reserve("default", round(reserved * DOLLAR), fence)
    charge = ledger.intend(purchase(fence.episode_id), fence, "stamp")
    ledger.settle(charge.key, bill(billed, "r1"))
    check_sums(engine)
    ledger.release(fence.episode_id)

    assert (account(engine).spent_microusd, account(engine).reserved_microusd) == (billed * DOLLAR, 0)
    assert charges(engine)[0].quantity == billed * 1000
    check_sums(engine)


def test_a_bill_beyond_the_budget_is_a_fact(engine, ledger, fence):
    """The provider charged more than its price says: it is counted, and nobody asks for more."""
    set_budget(engine, DOLLAR)
    charge = ledger.intend(purchase(fence.episode_id), fence, "stamp")
    ledger.settle(charge.key, bill(1.5))

    assert account(engine).spent_microusd == 1_500_000
    with pytest.raises(BudgetExceededError, match=r"has 0\.00 USD left"):
        ledger.intend(purchase(fence.episode_id, "more", 1), fence, "stamp")


def test_a_bill_that_comes_late_is_counted(engine, ledger, fence):
    """The request was given up and refused meanwhile; its answer came all the same, and is what the next one uses."""
    charge = ledger.intend(purchase(fence.episode_id), fence, "stamp")
    ledger.refuse(charge.key, "Not in the record.")
    assert ledger.settle(charge.key, bill(1), reply={"request": "r1"})

    standing = ledger.look(purchase(fence.episode_id), fence, "other")
    assert (standing.state, standing.reply) == ("settled", {"request": "r1"})
    assert account(engine).spent_microusd == DOLLAR
    check_sums(engine)


def test_one_entry_of_the_record_settles_one_charge(engine, ledger, show):
    """Ten doubtful requests for the same words, recovered at once from the same entry: one of them has it."""
    found = []
    for n in range(10):
        fence = claim(engine, make_episode(engine, show, str(n)))
        found.append(ledger.intend(purchase(fence.episode_id), fence, "stamp"))
        ledger.doubt(found[-1].key, "lost")

    with ThreadPoolExecutor(10) as pool:
        recovered = list(pool.map(lambda each: ledger.recover(each, bill(1, "r1"), {"request": "r1"}), found))

    assert sum(recovered) == 1
    assert sorted(states(engine)) == ["in_doubt"] * 9 + ["settled"]
    assert [ledger.taken(each, "r1") for each in found] == [not mine for mine in recovered]
    check_sums(engine)


def test_intents_of_dead_workers_are_found_out(engine, ledger, fence, show):
    """Those whose lease is gone, and no others."""
    ledger.intend(purchase(fence.episode_id), fence, f"{fence.token}/1")
    other = claim(engine, make_episode(engine, show, "other"))
    ledger.intend(purchase(other.episode_id), other, f"{other.token}/1")
    claim(engine, fence.episode_id)

    assert ledger.doubt_dead() == 1
    assert {row.episode_id: row.state for row in charges(engine)} == {
        fence.episode_id: "in_doubt",
        other.episode_id: "intent",
    }


def test_a_limiter_that_forgot_is_told(engine, ledger, fence):
    """The ages of the last minute's requests, refused ones too, oldest first; and those that are under way."""
    for n, (age_s, close) in enumerate([(90.0, "settle"), (30.0, "refuse"), (10.0, "settle"), (70.0, ""), (0.0, "")]):
        charge = ledger.intend(purchase(fence.episode_id, str(n)), fence, f"{fence.token}/{n}")
        if close == "settle":
            ledger.settle(charge.key, bill(1))
        elif close == "refuse":
            ledger.refuse(charge.key, "busy")
        with transaction(engine) as connection:
            older = update(CHARGE).where(CHARGE.c.key == charge.key).values(created_at=now() - age_s)
            connection.execute(older)

    recent = ledger.recent("elsewhere")

    assert recent.ages_s == pytest.approx([30, 10, 0], abs=9)
    assert recent.open == 2
    assert ledger.recent("another").ages_s == ()
