"""The reconciler fills an emptied broker, and does not double a queue that is only long."""

import pytest
import redis
from sqlalchemy import update

from models.brief import Brief
from models.dossier import Dossier
from models.steps import Step
from pipelines import episode as episodes
from podcast_tasks import reconciler
from podcast_tasks.app import app
from podcast_tasks.journal import STEP_RUN, Claim, Journal
from podmill.settings import current
from podmill.store.database import transaction


@pytest.fixture
def queue(broker, monkeypatch):
    """A client of the broker that Celery uses in this test."""
    monkeypatch.setenv("PODMILL_BROKER_URL", broker)
    current.cache_clear()
    monkeypatch.setattr(app.conf, "broker_url", broker)
    client = redis.Redis.from_url(broker)
    yield client
    client.close()


@pytest.fixture
def journal(engine, settings):
    return Journal(engine, settings)


@pytest.fixture
def episode_ids(engine, show, journal):
    with transaction(engine) as connection:
        ids = [
            episodes.make(connection, key=str(n), brief=Brief(show=show), title="x", account="default")[0]
            for n in range(10)
        ]
        connection.execute(update(STEP_RUN).values(due_at=STEP_RUN.c.due_at - 60))
    return ids


def test_a_wiped_broker_is_filled_in_one_pass(journal, queue, episode_ids):
    """Ten episodes whose messages are gone get ten messages."""
    assert reconciler.reconcile(journal) == 10
    assert queue.llen("podmill:research") == 10


def test_a_full_queue_is_left_alone(journal, queue, episode_ids):
    """A second pass sends nothing, however old the messages are."""
    reconciler.reconcile(journal)

    assert reconciler.reconcile(journal) == 0


def test_only_what_is_missing_is_sent(journal, queue, episode_ids):
    """Three lost messages of ten are replaced by three."""
    reconciler.reconcile(journal)
    for _ in range(3):
        queue.lpop("podmill:research")

    assert reconciler.reconcile(journal) == 3


def test_a_silent_worker_is_noticed_and_a_live_one_left_alone(journal, queue, engine, episode_ids):
    """Of two running steps only the one whose lease has ended is sent again, to its own queue."""
    for episode_id in episode_ids[:2]:
        claim = journal.claim(episode_id, Step.RESEARCH, "w")
        assert isinstance(claim, Claim)
        journal.record(claim, Dossier(topic="t", language="en", sources=(), facts=()))
        assert isinstance(journal.claim(episode_id, Step.SCRIPTING, "w"), Claim)
    with transaction(engine) as connection:
        connection.execute(
            update(STEP_RUN)
            .where(STEP_RUN.c.episode_id == episode_ids[0], STEP_RUN.c.step == "scripting")
            .values(lease_expires_at=1.0)
        )
    reconciler.reconcile(journal)

    assert queue.llen("podmill:scripting") == 1
    assert queue.llen("podmill:research") == 8
