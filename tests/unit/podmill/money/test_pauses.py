"""Paused episodes go on when a budget covers them, and no more of them than it covers."""

import pytest
from sqlalchemy import select, update

from models.steps import EpisodeState, Step
from models.tables import Episode, Event, StepRun, table
from podcast_tasks.journal import Claim, Journal
from podmill.errors import BudgetExceededError
from podmill.money import pauses, purses
from podmill.store.database import reading, transaction
from tests.unit.podmill.money.provider import claim, make_episode

EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)
DOLLAR = 1_000_000


@pytest.fixture
def paused(engine, ledger, settings, show):
    """Makes an episode that asks for money which no budget covers."""

    def pause(key: str, dollars: float) -> str:
        episode_id = make_episode(engine, show, key)
        fence = claim(engine, episode_id, "research")
        with pytest.raises(BudgetExceededError) as refused:
            ledger.reserve("default", round(dollars * DOLLAR), fence)
        held = Claim(episode_id, Step.RESEARCH, fence.token, 0, 1, 0, 0, {}, "default", None, False, "synthesis.api")
        needed = {"needed_microusd": refused.value.needed_microusd}
        Journal(engine, settings).park(held, 1e8, str(refused.value), code="budget_exceeded", **needed)
        return episode_id

    limit(engine, 1)
    return pause


def limit(engine, dollars: float) -> None:
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "month", round(dollars * DOLLAR))


def states(engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(select(EPISODE.c.state).order_by(EPISODE.c.key)))


def test_no_more_are_woken_than_fit(engine, paused):
    """Of 2.00, 3.00 and 2.00 USD, 4.50 USD are the first and the last; they are due now, and the event says so."""
    first, _, last = paused("a", 2), paused("b", 3), paused("c", 2)
    assert pauses.wake_fitting(engine) == []
    limit(engine, 4.5)
    assert sorted(pauses.wake_fitting(engine)) == sorted([first, last])

    assert states(engine) == [EpisodeState.QUEUED, EpisodeState.PARKED, EpisodeState.QUEUED]
    with reading(engine) as connection:
        resumed = connection.scalars(select(EVENT.c.episode_id).where(EVENT.c.kind == "resumed"))
        assert set(resumed) == {first, last}
        due = select(STEP_RUN.c.episode_id).where(STEP_RUN.c.not_before <= pauses.now())
        assert set(connection.scalars(due)) == {first, last}


def test_what_another_gives_back_wakes(engine, ledger, show, paused):
    """Nobody has to raise a budget for that."""
    limit(engine, 3)
    rich = make_episode(engine, show, "rich")
    ledger.reserve("default", 2 * DOLLAR, claim(engine, rich, "research"))
    waiting = paused("a", 2)
    assert pauses.wake_fitting(engine) == []
    ledger.release(rich)

    assert pauses.wake_fitting(engine) == [waiting]


def test_the_turn_of_a_month_wakes(engine, ledger, show, paused, monkeypatch):
    """However long the wait was that it was parked with."""
    limit(engine, 3)
    ledger.reserve("default", 2 * DOLLAR, claim(engine, make_episode(engine, show, "rich"), "research"))
    waiting = paused("a", 2)
    assert pauses.wake_fitting(engine) == []
    monkeypatch.setattr(purses, "today", lambda _connection: "2999-01-01")

    assert pauses.wake_fitting(engine) == [waiting]


def test_who_runs_already_is_left_alone(engine, paused):
    """Somebody woke it, and a worker has it: it is not sent again."""
    episode_id = paused("a", 2)
    claim(engine, episode_id, "research")
    with transaction(engine) as connection:
        connection.execute(update(EPISODE).values(state=EpisodeState.RUNNING))
    limit(engine, 5)

    assert pauses.wake_fitting(engine) == []
    assert states(engine) == [EpisodeState.RUNNING]
