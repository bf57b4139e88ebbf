"""No purse grows above its budget; money is counted on the day it was first held; people are warned in time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from models.tables import Batch, Episode, Event, table
from podmill.errors import BudgetExceededError
from podmill.money import purses
from podmill.money.charge import Bill
from podmill.store.database import reading, transaction
from tests.unit.podmill.money.provider import check_sums, claim, make_episode, purchase

BATCH, EPISODE, EVENT = table(Batch), table(Episode), table(Event)
DOLLAR = 1_000_000


@pytest.fixture
def on(monkeypatch):
    """Sets the day."""

    def set_day(day: str) -> None:
        monkeypatch.setattr(purses, "today", lambda _connection: day)

    set_day("2026-11-30")
    return set_day


def limit(engine, owner: str, span: str, dollars: float | None) -> None:
    with transaction(engine) as connection:
        purses.set_budget(connection, owner, span, None if dollars is None else round(dollars * DOLLAR))


def used(engine) -> dict[tuple[str, str], float]:
    with reading(engine) as connection:
        return {(row.owner, row.period): row.used_microusd / DOLLAR for row in connection.execute(select(purses.PURSE))}


def in_batch(engine, show, key: str, batch: str) -> str:
    episode_id = make_episode(engine, show, key)
    made = {"id": batch, "name": batch, "fingerprint": batch, "show": show, "account": "default", "refused": []}
    with transaction(engine) as connection:
        if connection.scalar(select(BATCH.c.id).where(BATCH.c.id == batch)) is None:
            connection.execute(BATCH.insert().values(created_at=0, **made))
        connection.execute(update(EPISODE).where(EPISODE.c.id == episode_id).values(batch_id=batch))
    return episode_id


@pytest.mark.parametrize(
    ("owner", "span"),
    [
        *((owner, span) for owner in ("account:default", "show:SHOW") for span in purses.SPANS),
        ("batch:week", "total"),
        ("episode:FIRST", "total"),
    ],
)
def test_every_budget_bounds(engine, ledger, show, on, owner, span):
    """1.50 USD of any of them are one request of 1.00 USD, and not another."""
    first, second = (in_batch(engine, show, key, "week") for key in ("one", "two"))
    limit(engine, owner.replace("SHOW", show).replace("FIRST", first), span, 1.5)
    ledger.intend(purchase(first), claim(engine, first), "stamp")
    asking = first if "FIRST" in owner else second

    with pytest.raises(BudgetExceededError, match=r"has 0\.50 USD left.*; 1\.00 USD are needed"):
        ledger.intend(purchase(asking, "other words"), claim(engine, asking), "stamp")

    check_sums(engine)


@pytest.mark.parametrize("span", ["day", "month"])
def test_a_new_period_has_its_whole_budget(engine, ledger, show, on, span):
    """What did not fit on the last of November fits on the first of December, and the error said when that is."""
    one, two = make_episode(engine, show, "one"), make_episode(engine, show, "two")
    limit(engine, "account:default", span, 1)
    ledger.intend(purchase(one), claim(engine, one), "stamp")
    with pytest.raises(BudgetExceededError) as refused:
        ledger.intend(purchase(two), claim(engine, two), "stamp")
    assert 0 < refused.value.retry_after_s <= 31 * 86_400

    on("2026-12-01")
    ledger.intend(purchase(two), claim(engine, two), "stamp")

    check_sums(engine)


def test_what_fits_in_no_period_waits_for_a_person(engine, ledger, fence, on):
    """1.00 USD never fits a day of 0.50 USD: no turn of the day is worth waiting for."""
    limit(engine, "account:default", "day", 0.5)

    with pytest.raises(BudgetExceededError) as refused:
        ledger.intend(purchase(fence.episode_id), fence, "stamp")

    assert refused.value.retry_after_s is None


def test_money_stays_on_the_day_it_was_first_held(engine, ledger, fence, show, on):
    """Reserved in November, spent and given back in December: November's purse, and nothing of December's."""
    ledger.reserve("default", 3 * DOLLAR, fence)
    on("2026-12-01")
    charge = ledger.intend(purchase(fence.episode_id), fence, "stamp")
    ledger.settle(charge.key, Bill(2 * DOLLAR, 1000))
    check_sums(engine)
    ledger.release(fence.episode_id)

    found = used(engine)
    assert found["account:default", "2026-11"] == found[f"show:{show}", "2026-11-30"] == 2
    assert not any(period.startswith("2026-12") for _, period in found)
    check_sums(engine)


def test_a_reservation_of_another_day_covers_no_charge_of_the_first(engine, ledger, fence, on):
    """A request of November is given back to November, though its episode has a new reservation in December."""
    charge = ledger.intend(purchase(fence.episode_id), fence, "stamp")
    on("2026-12-01")
    ledger.reserve("default", DOLLAR, fence)
    ledger.refuse(charge.key, "no")

    assert (used(engine)["account:default", "2026-11"], used(engine)["account:default", "2026-12"]) == (0, 1)
    check_sums(engine)


def test_an_episode_that_moves_to_another_batch_leaves_its_money(engine, ledger, show, on):
    """It is given back to the batch that held it."""
    episode_id = in_batch(engine, show, "one", "first")
    charge = ledger.intend(purchase(episode_id), claim(engine, episode_id), "stamp")
    in_batch(engine, show, "two", "second")
    with transaction(engine) as connection:
        connection.execute(update(EPISODE).where(EPISODE.c.id == episode_id).values(batch_id="second"))
    ledger.refuse(charge.key, "no")

    assert used(engine)["batch:first", "total"] == 0
    check_sums(engine)


def test_people_are_warned_once_at_each_share(engine, ledger, show, on):
    """Of ten dollars: nothing at 7, 80 % at 8, nothing more at 9, 95 % at 10."""
    limit(engine, "account:default", "month", 10)
    for n in range(10):
        episode_id = make_episode(engine, show, str(n))
        ledger.intend(purchase(episode_id), claim(engine, episode_id), "stamp")

    with reading(engine) as connection:
        events = connection.scalars(select(EVENT.c.data).where(EVENT.c.kind == "budget_warning").order_by(EVENT.c.id))
        said = [(data["owner"], data["period"], data["percent"], data["used_microusd"] // DOLLAR) for data in events]
    assert said == [("account:default", "2026-11", 80, 8), ("account:default", "2026-11", 95, 10)]


def test_a_day_that_is_over_gets_no_more(engine, ledger, fence, on):
    """What yesterday's reservation does not cover is today's: the turn of a day's budget is not waited for in vain."""
    limit(engine, "account:default", "day", 1)
    ledger.reserve("default", DOLLAR // 2, fence)
    with pytest.raises(BudgetExceededError):
        ledger.reserve("default", 2 * DOLLAR, fence)
    on("2026-12-01")
    ledger.intend(purchase(fence.episode_id), fence, "stamp")

    found = used(engine)
    assert (found["account:default", "2026-11-30"], found["account:default", "2026-12-01"]) == (0, 1)
    check_sums(engine)


def test_a_reservation_is_made_anew_today(engine, ledger, fence, on):
    """A cost check that runs again the day after takes nothing of the day before."""
    limit(engine, "account:default", "day", 1)
    ledger.reserve("default", DOLLAR, fence)
    on("2026-12-01")
    ledger.reserve("default", DOLLAR // 2, fence)

    found = used(engine)
    assert (found["account:default", "2026-11-30"], found["account:default", "2026-12-01"]) == (0, 0.5)
    check_sums(engine)


def test_another_budget_repeats_no_warning(engine, ledger, show, on):
    """Nor does the same one; but a higher one is warned of anew."""
    limit(engine, "account:default", "month", 10)
    for n in range(8):
        episode_id = make_episode(engine, show, str(n))
        ledger.intend(purchase(episode_id), claim(engine, episode_id), "s")
    for span, dollars in (("day", 100), ("month", 10), ("month", 9.5), ("month", 11)):
        limit(engine, "account:default", span, dollars)
        assert percents(engine) == [80]
    episode_id = make_episode(engine, show, "nine")
    ledger.intend(purchase(episode_id), claim(engine, episode_id), "s")

    assert percents(engine) == [80, 80]


def percents(engine) -> list[int]:
    with reading(engine) as connection:
        events = connection.scalars(select(EVENT.c.data).where(EVENT.c.kind == "budget_warning").order_by(EVENT.c.id))
        return [data["percent"] for data in events]


def test_the_wait_is_for_the_budget_that_takes_longest(engine, ledger, fence, on):
    """The month would have it again; no day ever has so much: a person is told of the day."""
    limit(engine, "account:default", "month", 2)
    limit(engine, "account:default", "day", 1)
    ledger.reserve("default", DOLLAR, fence)

    with pytest.raises(BudgetExceededError, match=r"--day AMOUNT") as refused:
        ledger.reserve("default", 3 * DOLLAR, fence)

    assert refused.value.retry_after_s is None


def test_racing_for_the_last_dollars_of_a_month(engine, ledger, show, on):
    """Ten workers, 1.00 USD each, of a show that has 3.50 USD for the month: three may ask."""
    limit(engine, f"show:{show}", "month", 3.5)
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
    check_sums(engine)


def test_an_account_pays_less_by_its_discount(engine, ledger, fence, on):
    """A tenth less than the provider takes: held, paid and counted so; what the provider takes is known too."""
    charge = ledger.intend(replace(purchase(fence.episode_id), discount_percent=10), fence, "stamp")
    assert (charge.amount_microusd, charge.cost_microusd) == (900_000, DOLLAR)
    ledger.settle(charge.key, Bill(2 * DOLLAR, 2000))

    assert used(engine)["account:default", "total"] == 1.8
    check_sums(engine)
