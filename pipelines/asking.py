"""Whether an account may have the episodes that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from models.brief import Brief
from pipelines.episode import EPISODE
from podmill.errors import PodmillError
from podmill.money import accounts, tiers
from podmill.money.accounts import Asked
from podmill.money.ledger import Ledger
from podmill.settings import Settings
from podmill.speech import azure
from podmill.store.database import reading


def payer(engine: Engine, settings: Settings, named: str | None = None) -> str:
    """The account that pays. That of the settings is opened where there is none yet; others are added by a person.

    Raises:
        InputError: there is no such account.
    """
    if named is None or named == settings.account:
        Ledger(engine).open_account(settings.account, settings.budget_microusd)
        return settings.account
    with reading(engine) as connection:
        accounts.found(connection, named)
    return named


@dataclass(frozen=True, slots=True)
class Wanted:
    """An episode that is asked for."""

    key: str
    brief: Brief
    file: str | None = None
    line: int | None = None


def check(
    connection: Connection, account: str, made: Sequence[str], wanted: Sequence[Wanted], settings: Settings
) -> None:
    """Refuse episodes that were made in this transaction and that their account may not have.

    Args:
        made: ids of those that were not there before.
        wanted: all that were asked for.

    Raises:
        PodmillError: all that is in the way; the transaction must be given up.
    """
    if not made:
        return
    tier = accounts.tier_of(connection, account, tiers.load(settings))
    if tier.allows_all:
        return
    new = set(made)
    mine = connection.execute(select(EPISODE.c.id, EPISODE.c.key).where(EPISODE.c.account == account))
    keys = {row.key for row in mine if row.id in new}
    found: list[PodmillError] = [
        *accounts.refusals([asked(each, settings) for each in wanted if each.key in keys], account, tier),
        *accounts.check_limits(connection, account, tier),
    ]
    if found:
        raise accounts.together(found)


def asked(wanted: Wanted, settings: Settings) -> Asked:
    """What of an episode its account's tier decides."""
    brief = wanted.brief
    voices = [voice for member in brief.cast for voice in (member.voice, *member.voices) if ":" in voice]
    return Asked(
        title=brief.subject,
        minutes=brief.minutes,
        engines=frozenset(voice.partition(":")[0] for voice in voices),
        hd=(brief.quality or settings.quality) == "hd" or any(mark in voice for voice in voices for mark in azure.HD),
        file=wanted.file,
        line=wanted.line,
    )
