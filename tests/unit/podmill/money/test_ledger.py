"""The ledger balances, and no interleaving overspends an account."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from models.brief import Brief
from models.steps import ChargeState
from pipelines import episode as episodes
from podmill.errors import BudgetExceededError
from podmill.money.ledger import ACCOUNT, CHARGE, RESERVATION, Intent, Ledger
from podmill.store.database import reading, transaction


@pytest.fixture
def ledger(engine):
    return Ledger(engine)


@pytest.fixture
def episode_ids(engine, show):
    with transaction(engine) as connection:
        return [
            episodes.make(connection, key=str(n), brief=Brief(show=show), title="x", account="default")[0]
            for n in range(20)
        ]


def budget(engine, amount_microusd: int) -> None:
    with transaction(engine) as connection:
        values = {"budget_microusd": amount_microusd, "reserved_microusd": 0, "spent_microusd": 0}
        connection.execute(update(ACCOUNT).values(**values))
        connection.execute(CHARGE.delete())
        connection.execute(RESERVATION.delete())


def sums(engine):
    with reading(engine) as connection:
        return connection.execute(select(ACCOUNT.c.spent_microusd, ACCOUNT.c.reserved_microusd)).one()


def intent(episode_id: str, amount_microusd: int, part: int = 0, attempt: int = 1) -> Intent:
    return Intent("default", episode_id, "synthesis", part, "abc", attempt, "piper", "character", 10, amount_microusd)


def test_racing_workers_fit_exactly(engine, ledger, episode_ids):
    """Twenty episodes of 1.00 USD race for 7.50 USD: seven get it."""
    budget(engine, 7_500_000)

    def ask(episode_id: str) -> bool:
        try:
            ledger.reserve("default", episode_id, 1_000_000)
        except BudgetExceededError:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        granted = list(pool.map(ask, episode_ids))

    assert sum(granted) == 7
    assert tuple(sums(engine)) == (0, 7_000_000)


def test_settling_moves_money_from_reserved_to_spent(engine, ledger, episode_ids):
    """What was held is spent, what is left is released."""
    budget(engine, 10_000_000)
    ledger.reserve("default", episode_ids[0], 3_000_000)
    ledger.intend(intent(episode_ids[0], 1_000_000))
    ledger.settle(intent(episode_ids[0], 1_000_000))
    ledger.settle(intent(episode_ids[0], 1_000_000))
    ledger.release(episode_ids[0])

    assert tuple(sums(engine)) == (1_000_000, 0)
    assert ledger.spent_microusd(episode_ids[0]) == 1_000_000


def test_an_intent_found_again_is_in_doubt(engine, ledger, episode_ids):
    """The worker that wrote it died in the call; the money stays counted."""
    budget(engine, 10_000_000)
    ledger.reserve("default", episode_ids[0], 2_000_000)
    assert ledger.intend(intent(episode_ids[0], 1_500_000)) == ChargeState.INTENT
    assert ledger.intend(intent(episode_ids[0], 1_500_000)) == ChargeState.IN_DOUBT
    ledger.release(episode_ids[0])

    assert tuple(sums(engine)) == (0, 1_500_000)
    assert ledger.spent_microusd(episode_ids[0]) == 1_500_000


def test_a_refused_request_costs_nothing(engine, ledger, episode_ids):
    """It is kept with its reason, and everything held is released."""
    budget(engine, 10_000_000)
    ledger.reserve("default", episode_ids[0], 2_000_000)
    ledger.intend(intent(episode_ids[0], 1_000_000))
    ledger.refuse(intent(episode_ids[0], 1_000_000), "No voice.")
    ledger.release(episode_ids[0])

    assert tuple(sums(engine)) == (0, 0)


def test_the_refusal_says_what_is_left(engine, ledger, episode_ids):
    """A person reads how much is there and how much is needed."""
    budget(engine, 500_000)

    with pytest.raises(BudgetExceededError, match=r"0\.50 USD left; 2\.50 USD are needed"):
        ledger.reserve("default", episode_ids[0], 2_500_000)


def test_the_refusal_says_amounts_below_a_cent(engine, ledger, episode_ids):
    """Not that nothing is left and nothing is needed."""
    budget(engine, 100)

    with pytest.raises(BudgetExceededError, match=r"0\.000100 USD left; 0\.002040 USD are needed"):
        ledger.reserve("default", episode_ids[0], 2_040)


actions = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "intend", "settle", "refuse", "release", "die"]),
        st.integers(0, 3),
        st.integers(0, 2_000_000),
    ),
    max_size=25,
)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=actions)
def test_the_ledger_always_balances(engine, ledger, episode_ids, history):
    """After any history: sums equal the rows, nothing is negative, and reserved plus spent never pass the budget."""
    budget(engine, 3_000_000)
    attempts: dict[int, int] = {}
    for action, which, amount in history:
        episode_id = episode_ids[which]
        try:
            if action == "reserve":
                ledger.reserve("default", episode_id, amount)
            elif action == "intend":
                with reading(engine) as connection:
                    held = connection.scalar(
                        select(RESERVATION.c.amount_microusd).where(
                            RESERVATION.c.episode_id == episode_id, RESERVATION.c.open
                        )
                    )
                attempts[which] = attempts.get(which, 0) + 1
                ledger.intend(intent(episode_id, min(amount, held or 0) // 2, attempt=attempts[which]))
            elif action == "settle":
                with reading(engine) as connection:
                    due = connection.scalar(
                        select(CHARGE.c.amount_microusd).where(CHARGE.c.key == key(episode_id, attempts.get(which, 0)))
                    )
                ledger.settle(intent(episode_id, due or 0, attempt=attempts.get(which, 0)))
            elif action == "refuse":
                ledger.refuse(intent(episode_id, 0, attempt=attempts.get(which, 0)), "no")
            elif action == "release":
                ledger.release(episode_id)
            else:
                ledger.drop_unsent(episode_id, "synthesis")
        except BudgetExceededError:
            pass
        with reading(engine) as connection:
            account = connection.execute(select(ACCOUNT)).one()
            held = connection.scalar(select(func.coalesce(func.sum(RESERVATION.c.amount_microusd), 0)))
            spent = connection.scalar(
                select(func.coalesce(func.sum(CHARGE.c.amount_microusd), 0)).where(CHARGE.c.state == "settled")
            )
        assert held == account.reserved_microusd
        assert spent == account.spent_microusd
        assert account.reserved_microusd >= 0


def key(episode_id: str, attempt: int) -> str:
    return intent(episode_id, 0, attempt=attempt).key
