"""What people see of paid requests, and what their decisions do."""

import pytest
from sqlalchemy import select

from models.steps import ChargeState
from podmill.errors import InputError
from podmill.money import decisions
from podmill.money.charge import Bill, short_id
from podmill.store.database import reading
from tests.unit.podmill.money.provider import account, charges, check_sums, claim, purchase, states

DOLLAR = 1_000_000


@pytest.fixture
def doubtful(ledger, fence):
    """The key of a charge in doubt."""
    charge = ledger.intend(purchase(fence.episode_id), fence, f"{fence.token}/1")
    ledger.doubt(charge.key, "The connection broke.")
    return charge.key


def test_the_list_says_what_a_person_needs(engine, ledger, fence, doubtful):
    """Newest first, by state, by episode; with the title and the reason."""
    ledger.intend(purchase(fence.episode_id, "more"), fence, f"{fence.token}/2")

    assert [entry.state for entry in decisions.entries(engine)] == ["intent", "in_doubt"]
    (entry,) = decisions.entries(engine, state=ChargeState.IN_DOUBT)
    assert (entry.id, entry.episode, entry.reason) == (short_id(doubtful), "tides", "The connection broke.")
    assert (entry.amount_usd, entry.quantity, entry.provider) == (1.0, 1000, "elsewhere")
    assert len(decisions.entries(engine, episode=fence.episode_id[:6])) == 2
    assert decisions.entries(engine, episode="nobody") == []


def test_the_dead_are_listed_in_doubt(engine, ledger, episode_id, fence):
    """Nobody may ever claim the step again: its intent shows, and can be decided."""
    charge = ledger.intend(purchase(episode_id), fence, f"{fence.token}/1")
    claim(engine, episode_id)

    assert [entry.state for entry in decisions.entries(engine)] == ["in_doubt"]
    assert decisions.refuse(engine, short_id(charge.key)).state == "refused"


def test_settled_by_a_person_is_paid_and_asked_again(engine, ledger, fence, doubtful):
    """At the amount that was given; its reply is lost, so nothing stands in the way of the next request."""
    entry = decisions.settle(engine, short_id(doubtful), 420_000)

    assert (entry.state, entry.amount_usd, entry.reason) == ("settled", 0.42, "A person says that it was charged.")
    assert ledger.look(purchase(fence.episode_id), fence, "next") is None
    assert (account(engine).spent_microusd, account(engine).reserved_microusd) == (420_000, 0)
    check_sums(engine)


def test_settled_at_what_was_expected(engine, doubtful):
    """Unless somebody knows better."""
    assert decisions.settle(engine, doubtful).amount_usd == 1.0
    check_sums(engine)


def test_refused_by_a_person_costs_nothing(engine, ledger, fence, doubtful):
    """Its money is free again."""
    decisions.refuse(engine, short_id(doubtful)[:6])

    assert states(engine) == ["refused"]
    assert account(engine).reserved_microusd == 0
    assert ledger.look(purchase(fence.episode_id), fence, "next") is None
    check_sums(engine)


def test_a_discarded_reply_stays_paid(engine, ledger, fence, doubtful):
    """It is not used any more, and the next request costs again."""
    ledger.settle(doubtful, Bill(DOLLAR, 1000), reply={"request": "r1"})
    decisions.discard(engine, short_id(doubtful))

    assert account(engine).spent_microusd == DOLLAR
    assert ledger.look(purchase(fence.episode_id), fence, "next") is None
    with pytest.raises(InputError, match="no reply"):
        decisions.discard(engine, short_id(doubtful))


@pytest.mark.parametrize("decide", [decisions.settle, decisions.refuse])
def test_only_what_is_in_doubt_is_decided(engine, ledger, fence, doubtful, decide):
    """Not what is settled, and not what a worker asks for right now; the message says what to do."""
    asking = ledger.intend(purchase(fence.episode_id, "more"), fence, f"{fence.token}/2")
    ledger.settle(doubtful, Bill(DOLLAR, 1000))

    with pytest.raises(InputError, match=r"its outcome is known\. Run: podmill charges --state in_doubt"):
        decide(engine, short_id(doubtful))
    with pytest.raises(InputError, match="a worker is asking"):
        decide(engine, short_id(asking.key))
    assert sorted(states(engine)) == ["intent", "settled"]


@pytest.mark.parametrize("name", ["", "zzzz", "default/nobody/"])
def test_an_unknown_charge_is_named(engine, doubtful, name):
    """The list shows those that are known."""
    assert doubtful
    with pytest.raises(InputError, match="No charge has the id"):
        decisions.settle(engine, name)


def test_a_name_of_two_charges_is_refused(engine, ledger, fence, doubtful):
    """Nothing is decided by guess."""
    ledger.intend(purchase(fence.episode_id, "more"), fence, f"{fence.token}/2")

    with pytest.raises(InputError, match="More than one charge"):
        decisions.settle(engine, doubtful.rpartition("/synthesis/")[0] + "/")


def test_a_decision_is_an_event(engine, fence, doubtful):
    """The history of the episode says who decided what."""
    decisions.refuse(engine, doubtful)

    with reading(engine) as connection:
        event = connection.execute(select(decisions.EVENT).where(decisions.EVENT.c.kind == "charge_decided")).one()
    assert (event.episode_id, event.data) == (fence.episode_id, {"charge": doubtful, "decision": "refused"})
    assert charges(engine)[0].settled_at is not None
