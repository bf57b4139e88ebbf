"""When budgets carry which episode."""

import datetime as dt

from podmill.forecasting import place
from podmill.money.purses import Standing

TODAY = dt.date(2026, 11, 29)


def days(amounts: list[int], *standings: Standing, show: str = "tides") -> list[int | None]:
    """How many days from today each is paid for."""
    found = place([(show, amount) for amount in amounts], standings, TODAY)
    return [(each.day - TODAY).days if each.day else None for each in found]


def test_a_day_carries_what_is_left_and_the_next_all_of_it() -> None:
    """Seven episodes of 3 at 10 a day of which 4 are used: two now, three on each day after."""
    assert days([3] * 7, Standing("account:a", "day", "2026-11-29", 10, 4)) == [0, 0, 1, 1, 1, 2, 2]


def test_a_month_turns_before_the_day_does_matter() -> None:
    """What a month has left is spent; the others wait for December, and for its days."""
    month = Standing("account:a", "month", "2026-11", 100, 95)
    assert days([5, 5, 5], month) == [0, 2, 2]
    assert days([5, 5, 5], month, Standing("account:a", "day", "2026-11-29", 5, 0)) == [0, 2, 3]


def test_what_no_fresh_budget_carries_never_fits() -> None:
    """It is told which budget; smaller ones go on."""
    standing = Standing("account:a", "day", "2026-11-29", 10, 0)
    assert days([11, 10], standing) == [None, 0]
    assert place([("tides", 11)], [standing], TODAY)[0].standing == standing
    assert days([6, 6], Standing("account:a", "total", "total", 10, 0)) == [0, None]


def test_a_show_has_a_budget_of_its_own() -> None:
    """It holds its own episodes up and nobody else's; what is free is held up by none."""
    standing = Standing("show:tides", "total", "total", 5, 5)
    assert days([1, 0], standing) == [None, 0]
    assert days([1], standing, show="mills") == [0]
