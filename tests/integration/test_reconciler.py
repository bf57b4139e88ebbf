"""The reconciler fills an emptied broker, does not double a queue that is only long, and two of them send once."""

import json
import threading
from base64 import b64decode

import pytest
import redis
from redis.exceptions import RedisError
from sqlalchemy import update

from models.brief import Brief
from models.dossier import Dossier
from models.steps import Step, StepState
from pipelines import episode as episodes
from pipelines.episode import NewEpisode
from podcast_tasks import admission, deliveries, reconciler
from podcast_tasks.app import app
from podcast_tasks.journal import STEP_RUN, Claim, Journal
from podcast_tasks.queues import FIRST, LATER, list_of
from podmill.store.clock import now
from podmill.store.database import transaction

LONG_AGO_S = 60


@pytest.fixture
def queue(celery_broker):
    """A client of the broker that Celery uses in this test."""
    client = redis.Redis.from_url(celery_broker)
    yield client
    client.close()


@pytest.fixture
def journal(engine, settings):
    return Journal(engine, settings)


def make(engine, show, count, *, interactive=False):
    new = [NewEpisode(f"{interactive}{n}", Brief(show=show), "x", position=n) for n in range(count)]
    with transaction(engine) as connection:
        return episodes.make_many(connection, new, account="default", interactive=interactive)


@pytest.fixture
def episode_ids(engine, show):
    return make(engine, show, 10)


def age(engine):
    """Let what was sent have been sent long ago."""
    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).values(sent_at=STEP_RUN.c.sent_at - LONG_AGO_S))


def length(queue, name, priority=LATER):
    return queue.llen("podmill:" + list_of(name, priority))


def sent_to(queue, name, priority=LATER):
    """Ids of the episodes whose messages wait in a queue."""
    found = []
    for raw in queue.lrange("podmill:" + list_of(name, priority), 0, -1):
        message = json.loads(raw)
        found += json.loads(b64decode(message["body"]))[0]
    return set(found)


def test_everything_is_let_in_and_sent_once(journal, queue, episode_ids):
    """Ten episodes that have a place get ten messages, and a second pass sends nothing."""
    assert reconciler.reconcile(journal) == 10
    assert sent_to(queue, "research") == set(episode_ids)
    assert reconciler.reconcile(journal) == 0


def test_a_wiped_broker_is_filled_in_one_pass(journal, queue, engine, episode_ids):
    """Ten episodes whose messages are gone get ten messages."""
    reconciler.reconcile(journal)
    age(engine)
    queue.flushall()

    assert reconciler.reconcile(journal) == 10
    assert sent_to(queue, "research") == set(episode_ids)


def test_a_full_queue_is_left_alone(journal, queue, engine, episode_ids):
    """Nothing is sent again, however old the messages are."""
    reconciler.reconcile(journal)
    age(engine)

    assert reconciler.reconcile(journal) == 0
    assert length(queue, "research") == 10


def test_only_what_is_missing_is_sent(journal, queue, engine, episode_ids):
    """Three lost messages of ten are replaced by three."""
    reconciler.reconcile(journal)
    age(engine)
    for _ in range(3):
        queue.rpop("podmill:" + list_of("research", LATER))

    assert reconciler.reconcile(journal) == 3
    assert sent_to(queue, "research") == set(episode_ids)


def test_what_was_just_sent_is_on_its_way(journal, queue, episode_ids):
    """A message that is in nobody's queue a moment after it was sent is in a worker's hands."""
    reconciler.reconcile(journal)
    queue.flushall()

    assert reconciler.reconcile(journal) == 0


def test_a_silent_worker_is_noticed_and_a_live_one_left_alone(journal, queue, engine, episode_ids):
    """Of two running steps only the one whose lease has ended is sent again, to its own queue."""
    reconciler.reconcile(journal)
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
    age(engine)

    assert reconciler.reconcile(journal) == 1
    assert sent_to(queue, "scripting") == {episode_ids[0]}


def test_a_parked_step_is_sent_when_its_time_has_come(journal, queue, engine, episode_ids):
    """Once, and not before."""
    reconciler.reconcile(journal)
    queue.flushall()
    for episode_id in episode_ids:
        claim = journal.claim(episode_id, Step.RESEARCH, "w")
        assert isinstance(claim, Claim)
        journal.park(claim, 3600, "later")
    age(engine)
    assert reconciler.reconcile(journal) == 0

    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).where(STEP_RUN.c.episode_id == episode_ids[3]).values(not_before=now() - 1))
    assert [reconciler.reconcile(journal), reconciler.reconcile(journal)] == [1, 0]
    assert sent_to(queue, "research") == {episode_ids[3]}


def test_interactive_episodes_have_a_list_of_their_own(journal, queue, engine, show, episode_ids):
    """It is read first; what is lost from it is not taken for a loss of the batch."""
    interactive = make(engine, show, 2, interactive=True)
    reconciler.reconcile(journal)
    assert (length(queue, "research", FIRST), length(queue, "research")) == (2, 10)

    age(engine)
    queue.delete("podmill:" + list_of("research", FIRST))
    assert reconciler.reconcile(journal) == 2
    assert sent_to(queue, "research", FIRST) == set(interactive)
    assert length(queue, "research") == 10


def test_two_reconcilers_at_once_send_once(journal, queue, engine, episode_ids):
    """On two hosts, with an emptied broker: each episode still gets one message."""
    reconciler.reconcile(journal)
    age(engine)
    queue.flushall()
    together = threading.Barrier(4)
    sent = []

    def run():
        together.wait()
        sent.append(reconciler.reconcile(journal))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sent) == 10
    assert length(queue, "research") == 10


def test_marked_as_sent_and_never_sent(journal, queue, engine, settings, episode_ids):
    """A process that died between the mark and the message costs a few seconds, not the episode."""
    with transaction(engine) as connection:
        admission.let_in(connection, settings.episodes_at_once)
    assert reconciler.reconcile(journal) == 0

    age(engine)
    assert reconciler.reconcile(journal) == 10


def test_a_synthesis_step_goes_to_the_queue_of_its_engine(journal, queue, engine, show):
    """A cast of a provider's voices waits where the network is waited for."""
    new = [NewEpisode(name, Brief(show=show), "x", synthesis_queue=name) for name in ("synthesis.api", "synthesis.gpu")]
    with transaction(engine) as connection:
        episodes.make_many(connection, new, account="default")
        connection.execute(update(STEP_RUN).values(step=Step.SYNTHESIS))
        connection.execute(update(episodes.EPISODE).values(step=Step.SYNTHESIS))

    assert reconciler.reconcile(journal) == 2
    assert (length(queue, "synthesis.api"), length(queue, "synthesis.gpu")) == (1, 1)


def test_nothing_is_marked_while_the_broker_is_away(journal, engine, episode_ids, monkeypatch):
    """What cannot be sent keeps its turn."""
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    with pytest.raises(RedisError):
        reconciler.reconcile(journal)
    with transaction(engine) as connection:
        assert admission.in_chain(connection) == 0


def test_deliveries_are_counted(queue):
    """Those that claimed a step, and those that found nothing to do."""
    for done in (True, False, True):
        deliveries.count(done=done)

    assert deliveries.counted() == (2, 1)


def test_a_delivery_is_not_failed_by_its_count(monkeypatch):
    """No broker: the step goes on uncounted."""
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    deliveries.count(done=True)


def test_a_cancelled_episode_is_not_sent(journal, queue, engine, settings, episode_ids):
    """What is closed waits for nothing."""
    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).where(STEP_RUN.c.episode_id == episode_ids[0]).values(state=StepState.DUE))
        connection.execute(
            update(episodes.EPISODE).where(episodes.EPISODE.c.id == episode_ids[0]).values(state="cancelled")
        )
    assert reconciler.reconcile(journal) == 9
