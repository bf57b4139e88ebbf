"""Accounts: who pays, of which tier they are, and what they may still ask for today."""

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Row, func, select, update

from models.steps import OPEN_STATES
from models.tables import Account, Episode, table
from podmill.errors import InputError, PodmillError, RateLimitExceededError, TierRequiredError
from podmill.money import purses
from podmill.money.tiers import Tier, TierList
from podmill.store.clock import now
from podmill.store.database import insert_into

ACCOUNT, EPISODE = table(Account), table(Episode)

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

SECONDS_A_DAY: Final = 86_400

TOLD_MAX: Final = 10
"""Findings that are told of one submission."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of an episode its account's tier decides."""

    title: str
    minutes: float
    engines: frozenset[str]
    """Of the voices it is cast with, those that may stand in included."""
    hd: bool
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What an account has of its tier's numbers."""

    pending: int
    """Episodes that are not finished."""
    today: int
    """Episodes made since midnight in UTC."""


def add(connection: Connection, name: str, tier: Tier) -> None:
    """Make an account.

    Raises:
        InputError: the name is not usable or taken.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name of an account.", action="Use a-z, 0-9, dot, dash and underscore.", field="account"
        )
    row = {"id": name, "tier": tier.name, "reserved_microusd": 0, "spent_microusd": 0, "created_at": now()}
    made = insert_into(connection, ACCOUNT).values(row).on_conflict_do_nothing().returning(ACCOUNT.c.id)
    if connection.scalar(made) is None:
        raise InputError(
            f"There is an account {name!r}.", action=f"Run: podmill account set {name} --tier TIER", field="account"
        )
    purses.set_budget(connection, f"account:{name}", "month", tier.monthly_budget_microusd)


def set_tier(connection: Connection, name: str, tier: Tier) -> None:
    """Give an account a tier, and with it the tier's budget of a month.

    Raises:
        InputError: there is no such account.
    """
    found(connection, name)
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == name).values(tier=tier.name))
    purses.set_budget(connection, f"account:{name}", "month", tier.monthly_budget_microusd)


def found(connection: Connection, name: str) -> Row[tuple[str, str, int, int, float]]:
    """The row of an account.

    Raises:
        InputError: there is no such account.
    """
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == name)).first()
    if row is None:
        raise InputError(
            f"There is no account {name!r}.",
            action=f"See: podmill account list. To make it, run: podmill account add {name}",
            field="account",
        )
    return row


def tier_of(connection: Connection, name: str, tiers: TierList) -> Tier:
    """The tier of an account.

    Raises:
        ConfigurationError: the list has it no more.
        InputError: there is no such account.
    """
    return tiers.find(found(connection, name).tier)


def use(connection: Connection, name: str) -> Use:
    """What an account has of its tier's numbers, now."""
    now_s = float(connection.scalar(select(now())) or 0.0)
    midnight = now_s - now_s % SECONDS_A_DAY
    mine = EPISODE.c.account == name
    pending = connection.scalar(select(func.count()).where(mine, EPISODE.c.state.in_(OPEN_STATES)))
    today = connection.scalar(select(func.count()).where(mine, EPISODE.c.created_at >= midnight))
    return Use(int(pending or 0), int(today or 0))


def refusals(asked: Sequence[Asked], account: str, tier: Tier) -> list[TierRequiredError]:
    """What a tier does not have of what episodes ask for: all of it."""
    action = f"Ask for what it has, or give the account another tier: podmill account set {account} --tier TIER"
    refused = []
    for each in asked:
        problems = []
        if tier.minutes_max is not None and each.minutes > tier.minutes_max:
            problems.append(("minutes", f"{each.minutes:g} minutes; it has {tier.minutes_max:g}"))
        if each.hd and not tier.hd:
            problems.append(("quality", "HD voices, which it does not have"))
        foreign = sorted(name for name in each.engines if not tier.has_engine(name))
        if foreign:
            problems.append(("cast", f"voices of {', '.join(foreign)}; it has those of {', '.join(tier.engines)}"))
        refused += [
            TierRequiredError(
                f"{each.title!r} asks the tier {tier.name!r} of the account {account!r} for {problem}.",
                action=action,
                file=each.file,
                line=each.line,
                field=field,
            )
            for field, problem in problems
        ]
    return refused


def check_limits(
    connection: Connection, account: str, tier: Tier, *, more: int = 0, lock: bool = True
) -> list[RateLimitExceededError]:
    """The numbers of a tier that an account is above, when it has so many episodes more than it has now.

    The account's row is locked until the transaction ends: whoever makes episodes in the same transaction before, or
    after, is above them together with nobody else. As every row of money it is locked after those of episodes.

    Args:
        lock: False, where nothing is made: it is only told how it stands.
    """
    if tier.pending_max is None and tier.episodes_per_day is None:
        return []
    if lock:
        connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.id == account).with_for_update())
    used = use(connection, account)
    over = []
    if tier.pending_max is not None and used.pending + more > tier.pending_max:
        over.append(
            RateLimitExceededError(
                f"The account {account!r} may have {_episodes(tier.pending_max)} unfinished at a time; "
                f"this would make it {used.pending + more}.",
                action=f"Submit it when others are finished (podmill status), or {_higher(account)}",
            )
        )
    if tier.episodes_per_day is not None and used.today + more > tier.episodes_per_day:
        over.append(
            RateLimitExceededError(
                f"The account {account!r} may make {_episodes(tier.episodes_per_day)} in a day; "
                f"this would make it {used.today + more}.",
                action=f"Submit it after midnight in UTC, or {_higher(account)}",
            )
        )
    return over


def together(findings: Sequence[PodmillError]) -> PodmillError:
    """Several as one error: it is the first, and tells of the others too."""
    first, *others = findings
    if not others:
        return first
    error = copy(first)
    error.message = " ".join([f"{first.message} {first.action}", *map(str, findings[1:TOLD_MAX])])
    error.action = f"And {len(findings) - TOLD_MAX} more." if len(findings) > TOLD_MAX else ""
    return error


def _episodes(count: int) -> str:
    return "1 episode" if count == 1 else f"{count} episodes"


def _higher(account: str) -> str:
    return f"give the account a higher tier: podmill account set {account} --tier TIER"
