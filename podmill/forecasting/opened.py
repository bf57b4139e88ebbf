"""A forecaster that knows what this installation knows."""

from functools import partial

from sqlalchemy import Engine, select

from models.tables import Account, Show, table
from podmill.context import ArtifactStore
from podmill.forecasting.forecaster import Forecaster
from podmill.money import accounts, history, prices, tiers, usage
from podmill.settings import Settings
from podmill.store import takes
from podmill.store.database import reading

ACCOUNT, SHOW = table(Account), table(Show)


def open_forecaster(
    database: Engine, settings: Settings, account: str, store: ArtifactStore, *, before: float | None = None
) -> Forecaster:
    """By today's prices, the volume that is used, the tier of an account, the takes that are there and the ledger.

    Args:
        account: who pays; one that is not open yet pays without a discount.
        before: seconds since 1970: history up to then.

    Raises:
        ConfigurationError: prices or tiers are no such lists.
    """
    with reading(database) as connection:
        known = connection.execute(ACCOUNT.select().where(ACCOUNT.c.id == account)).first() is not None
        tier = accounts.tier_of(connection, account, tiers.load(settings)) if known else None
        past = history.load(connection, before=before)
        sounds = connection.execute(select(SHOW.c.slug, SHOW.c.sound).where(SHOW.c.sound.is_not(None))).all()
    return Forecaster(
        settings,
        prices.load(settings.prices_file),
        past,
        discount_percent=tier.discount_percent if tier else 0.0,
        used=partial(usage.this_month, database),
        store=store,
        there=partial(takes.known, database),
        bitrates_kbps={slug: kbps for slug, sound in sounds if (kbps := sound.get("bitrate_kbps"))},
    )
