"""Accounts: their tiers, and what they may still ask for."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from models.brief import Brief
from models.steps import EpisodeState
from pipelines import episode as episodes
from podmill.errors import InputError, RateLimitExceededError
from podmill.money import accounts, purses
from podmill.money.accounts import Asked, Use
from podmill.money.tiers import Tier
from podmill.store.database import reading, transaction

FREE = Tier(name="free", monthly_budget_usd="5", episodes_per_day=3, pending_max=2, minutes_max=30, hd=False)


def make(connection, show, key):
    return episodes.make(connection, key=key, brief=Brief(show=show), title=key, account="anna")[0]


@pytest.fixture
def anna(engine) -> str:
    with transaction(engine) as connection:
        accounts.add(connection, "anna", FREE)
    return "anna"


def test_a_tier_brings_its_budget_of_a_month(engine, anna):
    """When the account is made, and when it gets another tier; a tier without one takes the limit away."""
    for tier, budgets in (
        (FREE, [("month", 5_000_000)]),
        (Tier(name="pro", monthly_budget_usd="50"), [("month", 50_000_000)]),
        (Tier(name="owner"), []),
    ):
        with transaction(engine) as connection:
            accounts.set_tier(connection, anna, tier)
            standing = purses.now_standing(connection)
            assert accounts.found(connection, anna).tier == tier.name
        assert [(each.span, each.limit_microusd) for each in standing] == budgets


@pytest.mark.parametrize("name", ["anna", "Anna", "a:b", "a/b", "", "x" * 65])
def test_a_name_that_is_taken_or_not_usable(engine, anna, name):
    """Names stand in owners of budgets and in keys of charges."""
    with pytest.raises(InputError, match="account"), transaction(engine) as connection:
        accounts.add(connection, name, FREE)


def test_an_account_that_is_not_there(engine):
    """A slip of the pen does not open one."""
    with pytest.raises(InputError, match=r"no account 'ana'.*podmill account add ana"), reading(engine) as connection:
        accounts.found(connection, "ana")


def test_finished_episodes_leave_room_for_others_until_the_day_s_are_made(engine, show, anna):
    """Two unfinished at a time, three made in a day, cancelled ones included; each limit says what to do."""
    with transaction(engine) as connection:
        made = [make(connection, show, key) for key in "ab"]
        assert accounts.use(connection, anna) == Use(pending=2, today=2)
        assert accounts.check_limits(connection, anna, FREE) == []
        (over,) = accounts.check_limits(connection, anna, FREE, more=1)
        assert (over.code, over.exit_code) == ("rate_limit_exceeded", 2)
        assert "2 episodes unfinished at a time; this would make it 3" in str(over)

        connection.execute(update(episodes.EPISODE).values(state=EpisodeState.CANCELLED))
        assert accounts.check_limits(connection, anna, FREE, more=1) == []
        (over,) = accounts.check_limits(connection, anna, FREE, more=2)
        assert "3 episodes in a day; this would make it 4" in str(over)

        day_s = 86_400
        yesterday = update(episodes.EPISODE).where(episodes.EPISODE.c.id == made[0])
        connection.execute(yesterday.values(created_at=episodes.EPISODE.c.created_at - day_s))
        assert accounts.use(connection, anna) == Use(pending=0, today=1)


def test_of_many_at_once_as_many_get_in_as_may(engine, show, anna):
    """Eight submissions at the same time, two of which fit."""

    def submit(number: int) -> bool:
        try:
            with transaction(engine) as connection:
                make(connection, show, str(number))
                over = accounts.check_limits(connection, anna, FREE)
                if over:
                    raise over[0]
        except RateLimitExceededError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(submit, range(8))) == 2
    with reading(engine) as connection:
        assert accounts.use(connection, anna) == Use(pending=2, today=2)


def test_all_that_a_tier_does_not_have_is_said_at_once(engine):
    """Each with its place and its field."""
    tier = FREE.model_copy(update={"engines": ("piper",)})
    asked = [
        Asked("Long", 31, frozenset({"piper"}), hd=False, file="b.yaml", line=3),
        Asked("Fine", 30, frozenset({"piper"}), hd=False, file="b.yaml", line=5),
        Asked("Dear", 5, frozenset({"azure", "piper"}), hd=True, file="b.yaml", line=7),
    ]

    refused = accounts.refusals(asked, "anna", tier)

    assert [(each.line, each.field) for each in refused] == [(3, "minutes"), (7, "quality"), (7, "cast")]
    assert {(each.code, each.exit_code) for each in refused} == {("tier_required", 2)}
    assert "'Dear' asks the tier 'free' of the account 'anna' for voices of azure; it has those of piper" in str(
        refused[2]
    )


def test_many_findings_are_one_error():
    """With the first one's code and place; what is left out is counted."""
    asked = [Asked(f"Talk {number}", 31, frozenset(), hd=False, file="b.yaml", line=number) for number in range(1, 13)]

    error = accounts.together(accounts.refusals(asked, "anna", FREE))

    assert (error.code, error.line) == ("tier_required", 1)
    assert "b.yaml:10: minutes: 'Talk 10'" in str(error)
    assert str(error).endswith("And 2 more.")
