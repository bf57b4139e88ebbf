"""Which episodes budgets carry now, which later, and which never."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from podmill.money import purses
from podmill.money.purses import Payer, Standing

DAYS_MAX: Final = 3_660
"""Ten years: what does not fit until then is said not to."""


@dataclass(frozen=True, slots=True)
class Place:
    """When an episode can be paid for."""

    day: dt.date | None
    """The day in UTC; None: never, as budgets are."""
    standing: Standing | None = None
    """The budget that is in its way: for today, or for good."""


class _Room:
    """What a budget has left, day after day."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        self._left: dict[str, int] = {standing.period: standing.left_microusd}

    def _period(self, day: dt.date) -> str:
        return {"day": f"{day:%Y-%m-%d}", "month": f"{day:%Y-%m}"}.get(self.standing.span, "total")

    def has(self, amount: int, day: dt.date) -> bool:
        return amount <= self._left.get(self._period(day), self.standing.limit_microusd)

    def take(self, amount: int, day: dt.date) -> None:
        period = self._period(day)
        self._left[period] = self._left.get(period, self.standing.limit_microusd) - amount

    def ever(self, amount: int) -> bool:
        """Whether a fresh one carries it; a total is never fresh."""
        return amount <= (
            self._left[self.standing.period] if self.standing.span == "total" else self.standing.limit_microusd
        )


def standings(connection: Connection, account: str, shows: Iterable[str]) -> list[Standing]:
    """The budgets of an account and of shows, as they stand."""
    day = purses.today(connection)
    found: dict[tuple[str, str], Standing] = {}
    for slug in sorted(set(shows)):
        for each in purses.standings(connection, Payer(account, slug, None, "", day)):
            if each.owner.startswith(("account:", "show:")):
                found[each.owner, each.span] = each
    return list(found.values())


def place(episodes: Iterable[tuple[str, int]], standings: Sequence[Standing], today: dt.date) -> list[Place]:
    """The first day on which each episode is carried by every budget that it is under, in their order: what comes
    first is paid first, and a smaller one may go before a larger one that has to wait.

    Args:
        episodes: show and micro-dollars of each.
        standings: budgets of the account and of shows, as they stand today.
    """
    rooms = [_Room(each) for each in standings]
    return [_placed(show, amount, rooms, today) for show, amount in episodes]


def _placed(show: str, amount: int, rooms: Sequence[_Room], today: dt.date) -> Place:
    over = [room for room in rooms if room.standing.owner == f"show:{show}" or _is_shared(room.standing)]
    if amount == 0 or not over:
        return Place(today)
    first = next((room.standing for room in over if not room.has(amount, today)), None)
    if never := next((room.standing for room in over if not room.ever(amount)), None):
        return Place(None, never)
    for number in range(DAYS_MAX):
        day = today + dt.timedelta(days=number)
        if all(room.has(amount, day) for room in over):
            for room in over:
                room.take(amount, day)
            return Place(day, first)
    return Place(None, first)


def _is_shared(standing: Standing) -> bool:
    return standing.owner.startswith("account:")
