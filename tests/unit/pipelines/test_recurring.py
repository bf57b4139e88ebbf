"""Recurring episodes: one for each slot, missed ones caught up once."""

import datetime as dt

import pytest
from sqlalchemy import func, select, update

from models.brief import Brief
from models.steps import EpisodeState
from models.tables import Account, Show, table
from pipelines.episode import EPISODE
from pipelines.recurring import SCHEDULE, latest_slot, schedule, submit_due, unschedule
from podmill.errors import InputError
from podmill.money import accounts, tiers
from podmill.report.status import batch_status, recent_batches
from podmill.store.database import open_engine, reading, transaction


def seconds(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("cron", "zone", "after", "until", "slot"),
    [
        ("0 6 * * *", "UTC", "2026-03-01T00:00Z", "2026-03-01T05:59Z", None),
        ("0 6 * * *", "UTC", "2026-03-01T00:00Z", "2026-03-01T06:00Z", "2026-03-01T06:00Z"),
        ("0 6 * * *", "UTC", "2026-03-01T06:00Z", "2026-03-01T23:00Z", None),
        # Three missed days are one episode, the newest.
        ("0 6 * * *", "UTC", "2026-03-01T06:00Z", "2026-03-04T07:00Z", "2026-03-04T06:00Z"),
        # Berlin is an hour ahead of UTC in winter and two in summer.
        ("0 6 * * *", "Europe/Berlin", "2026-01-10T00:00Z", "2026-01-10T12:00Z", "2026-01-10T05:00Z"),
        ("0 6 * * *", "Europe/Berlin", "2026-07-10T00:00Z", "2026-07-10T12:00Z", "2026-07-10T04:00Z"),
    ],
)
def test_latest_slot(cron, zone, after, until, slot):
    """The newest slot after the last one and not in the future."""
    found = latest_slot(cron, zone, after_s=seconds(after), until_s=seconds(until))

    assert (seconds(slot) if slot else None) == found


def test_a_slot_makes_one_episode_however_often_it_is_looked_at(engine, settings, show):
    """Ticks and beats may double; the slot's episode does not."""
    schedule(engine, show=show, name="daily", cron="* * * * *", timezone="UTC", brief=Brief(show=show, topic="tides"))
    with transaction(engine) as connection:
        connection.execute(update(SCHEDULE).values(since=SCHEDULE.c.since - 86_400))

    assert len(submit_due(engine, settings)) == 1
    with transaction(engine) as connection:
        connection.execute(update(SCHEDULE).values(last_slot=None))
    submit_due(engine, settings)
    with reading(engine) as connection:
        made = connection.scalar(select(func.count()).select_from(EPISODE))
    assert made in (1, 2)  # 2 only when the minute turned between the two looks


def test_an_unknown_zone_or_expression_is_refused(engine, show):
    """Nothing is written, and the field is named."""
    brief = Brief(show=show, topic="tides")
    with pytest.raises(InputError, match="timezone"):
        schedule(engine, show=show, name="x", cron="0 6 * * *", timezone="Mars/Olympus", brief=brief)
    with pytest.raises(InputError, match="cron"):
        schedule(engine, show=show, name="x", cron="every day", timezone="UTC", brief=brief)
    with pytest.raises(InputError, match="no schedule"):
        unschedule(engine, show=show, name="x")


def test_a_slot_is_a_batch_that_status_shows(engine, settings, show):
    """Whoever asks for the newest batches finds the recurring episode; looking at the slot again adds none."""
    schedule(engine, show=show, name="daily", cron="0 0 1 1 *", timezone="UTC", brief=Brief(show=show, topic="tides"))
    with transaction(engine) as connection:
        connection.execute(update(SCHEDULE).values(since=SCHEDULE.c.since - 400 * 86_400))
    made = submit_due(engine, settings)
    with transaction(engine) as connection:
        connection.execute(update(SCHEDULE).values(last_slot=None))
    submit_due(engine, settings)

    with reading(engine) as connection:
        batches = recent_batches(connection)
        shown = [batch_status(connection, batch.batch) for batch in batches]
    assert [[episode.id for episode in batch.episodes] for batch in shown] == [made]
    assert shown[0].name.startswith("daily ")


def test_the_first_episode_of_a_database_may_be_a_recurring_one(settings):
    """Its account is opened with the budget that is set: cost_check finds it."""
    engine = open_engine(settings)
    values = Show(slug="tides", title="Tides", guid="9b024349-ccf0-5f69-a609-6b82873eab3c", created_at=0).model_dump()
    with transaction(engine) as connection:
        connection.execute(table(Show).insert().values(values))
    schedule(engine, show="tides", name="x", cron="0 6 * * *", timezone="UTC", brief=Brief(show="tides", topic="t"))
    with transaction(engine) as connection:
        connection.execute(update(SCHEDULE).values(since=SCHEDULE.c.since - 2 * 86_400))
    assert len(submit_due(engine, settings)) == 1

    with reading(engine) as connection:
        assert list(connection.scalars(select(table(Account).c.id))) == [settings.account]
    engine.dispose()


def test_a_slot_whose_account_has_no_room_is_made_when_it_has(engine, settings, show):
    """Nothing is left of the first try, and another schedule does not suffer."""
    with transaction(engine) as connection:
        accounts.set_tier(connection, "default", tiers.load(settings).find("free"))
    for name in ("daily", "weekly"):
        schedule(engine, show=show, name=name, cron="0 0 1 1 *", timezone="UTC", brief=Brief(show=show, topic=name))
    with transaction(engine) as connection:
        connection.execute(update(SCHEDULE).values(since=SCHEDULE.c.since - 370 * 86_400))

    assert len(submit_due(engine, settings)) == 1
    assert submit_due(engine, settings) == []
    with transaction(engine) as connection:
        assert len(recent_batches(connection)) == 1
        connection.execute(update(EPISODE).values(state=EpisodeState.PUBLISHED))
    assert len(submit_due(engine, settings)) == 1
