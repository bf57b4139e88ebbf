"""How a step runs: every way it can end is in the database, and nothing is left on the disk."""

import errno
import time

import psycopg
import pytest
from celery.exceptions import Ignore, Reject
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from models.brief import Brief
from models.dossier import Dossier
from models.steps import Step
from pipelines import episode as episodes
from podcast_tasks import running
from podcast_tasks.journal import EPISODE, STEP_RUN, Refusal
from podcast_tasks.running import Done, Review, SendBack, Work, run_step
from podmill.errors import HeldError, LeaseLostError, LimitedError, SourceError, TransientError, WorkersDiedError
from podmill.settings import current
from podmill.store.database import reading, transaction

EMPTY = Dossier(topic="tides", language="en", sources=(), facts=())


@pytest.fixture
def episode_id(engine, show, settings, monkeypatch):
    if settings.database_url:
        monkeypatch.setenv("PODMILL_DATABASE_URL", settings.database)
    monkeypatch.setenv("PODMILL_RETRY_BASE_S", "0.001")
    monkeypatch.setenv("PODMILL_RETRY_CAP_S", "0.001")
    forget()
    with transaction(engine) as connection:
        made, _ = episodes.make(
            connection, key="k1", brief=Brief(show=show, topic="tides"), title="Tides", account="default"
        )
    yield made
    forget()


def forget():
    """The next step reads the settings anew."""
    for each in (current, running.journal, running.keeper):
        each.cache_clear()


def run_of(engine):
    with reading(engine) as connection:
        return connection.execute(select(STEP_RUN)).one()


def row_of(engine, episode_id):
    with reading(engine) as connection:
        return connection.execute(select(EPISODE).where(EPISODE.c.id == episode_id)).one()


def failing_with(error):
    def work(_work: Work):
        raise error

    return work


def test_done_moves_on_and_removes_its_folder(engine, episode_id):
    """The step's temporary folder exists while it works, and not after."""
    seen = []

    def work(given: Work) -> Done:
        seen.append(given.context.temp_dir)
        (given.context.temp_dir / "half.wav").write_bytes(b"0" * 1000)
        return Done(EMPTY)

    run_step(Step.RESEARCH, episode_id, work)

    assert "scripting" == row_of(engine, episode_id).step
    assert not seen[0].exists()


def test_a_duplicate_of_a_done_step_walks_on(episode_id):
    """It returns without working, so that Celery sends the next task of the chain."""
    run_step(Step.RESEARCH, episode_id, lambda _: Done(EMPTY))

    run_step(Step.RESEARCH, episode_id, failing_with(AssertionError("worked twice")))


def test_a_step_whose_turn_has_not_come_is_ignored(episode_id):
    """The chain must not go on from there."""
    with pytest.raises(Ignore):
        run_step(Step.SYNTHESIS, episode_id, failing_with(AssertionError("worked")))


def test_a_permanent_error_fails_at_once(engine, episode_id):
    """FAILURE for Celery, failed with code and reason in the database."""
    with pytest.raises(SourceError):
        run_step(Step.RESEARCH, episode_id, failing_with(SourceError("It is empty.", action="Give another.")))

    row = row_of(engine, episode_id)
    assert ("failed", "source", "It is empty. Give another.") == (row.state, row.error_code, row.error)


def test_a_transient_error_is_tried_again_three_times(engine, episode_id):
    """In the same worker, under the same lease, as the waits are short; failed after the fourth."""
    tokens = []

    def work(given: Work):
        tokens.append(given.claim.token)
        raise TransientError("Busy.")

    with pytest.raises(TransientError):
        run_step(Step.RESEARCH, episode_id, work)

    assert (4, 1) == (len(tokens), len(set(tokens)))
    assert ("failed", "transient") == (row_of(engine, episode_id).state, row_of(engine, episode_id).error_code)
    assert (4, 3) == (run_of(engine).attempt, run_of(engine).failures)


def test_what_passes_is_recorded(engine, episode_id):
    """One failure, one wait, one success: the step is done, and the failure is on the record."""
    tries = []

    def work(given: Work) -> Done:
        tries.append(given.claim.failures)
        if len(tries) == 1:
            raise TransientError("Busy.")
        return Done(EMPTY)

    run_step(Step.RESEARCH, episode_id, work)

    assert [0, 1] == tries
    assert "scripting" == row_of(engine, episode_id).step


def test_waiting_for_a_limit_is_no_failure(engine, episode_id, monkeypatch):
    """However often a step must wait, it is never failed for it; what waits too long for one worker is parked."""
    monkeypatch.setenv("PODMILL_WAIT_IN_WORKER_S", "0.5")
    forget()
    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, failing_with(LimitedError("Full.", retry_after_s=0.2)))

    run = run_of(engine)
    assert ("parked", 0) == (run.state, run.failures)
    assert run.attempt > 2, "it waited in the worker first"


def test_a_worker_that_stops_waits_no_more(engine, episode_id, monkeypatch):
    """The step is due again at once, the message goes back to its queue, and nothing is counted."""
    monkeypatch.setattr(running.worker, "is_stopping", lambda: True)
    with pytest.raises(Reject):
        run_step(Step.RESEARCH, episode_id, failing_with(LimitedError("Full.", retry_after_s=1)))

    run = run_of(engine)
    assert ("due", None, 0, 0) == (run.state, run.lease_token, run.failures, run.lost_leases)


def test_a_step_that_finishes_while_its_worker_stops_is_recorded(engine, episode_id, monkeypatch):
    """Stopping ends waits, not work: what is done within the grace time counts."""
    monkeypatch.setattr(running.worker, "is_stopping", lambda: True)

    def work(given: Work) -> Done:
        given.context.progress(0.5, "half way")
        return Done(EMPTY)

    run_step(Step.RESEARCH, episode_id, work)

    assert "scripting" == row_of(engine, episode_id).step


def test_what_a_person_must_decide_waits_for_one(engine, episode_id):
    """A held error is a review, not a failure."""
    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, failing_with(HeldError("Paid twice?", action="Decide.")))

    row = row_of(engine, episode_id)
    assert ("review", "held", "Paid twice? Decide.") == (row.state, row.error_code, row.error)


def test_a_step_that_hangs_is_stopped(engine, episode_id, monkeypatch):
    """Past its time limit it is parked as a failed try, and what its thread does after that is not recorded."""
    monkeypatch.setenv("PODMILL_STEP_TIME_LIMIT_S", "0.3")
    monkeypatch.setenv("PODMILL_LEASE_S", "0.6")
    forget()

    def work(given: Work) -> Done:
        until = time.monotonic() + 30
        while run_of(engine).state == "running" and time.monotonic() < until:
            time.sleep(0.05)
        return Done(EMPTY)

    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, work)

    run = run_of(engine)
    assert ("parked", 1, None) == (run.state, run.failures, run.lease_token)
    assert "took longer than 0.3 s" in run.error
    assert "research" == row_of(engine, episode_id).step


def test_a_step_loses_its_lease_while_it_works(engine, episode_id, monkeypatch):
    """A cancelled episode stops its step at the next word of progress."""
    monkeypatch.setenv("PODMILL_LEASE_S", "0.3")
    forget()

    def work(given: Work) -> Done:
        episodes.cancel([episode_id], current())
        until = time.monotonic() + 30
        while time.monotonic() < until:
            given.check()
            time.sleep(0.02)
        return Done(EMPTY)

    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, work)

    assert "cancelled" == row_of(engine, episode_id).state


def test_a_lease_is_renewed_while_a_step_works(engine, episode_id, monkeypatch):
    """A step may take many times its lease."""
    monkeypatch.setenv("PODMILL_LEASE_S", "0.3")
    forget()

    def work(given: Work) -> Done:
        time.sleep(1.2)
        assert Refusal.NOT_NOW is running.journal().claim(episode_id, Step.RESEARCH, "another")
        return Done(EMPTY)

    run_step(Step.RESEARCH, episode_id, work)

    assert "scripting" == row_of(engine, episode_id).step


def test_a_delivery_while_the_database_is_away_is_ignored(episode_id, monkeypatch):
    """After its patience it stops without a failure: the reconciler sends the step once the database is back."""

    def away(*_args):
        raise OperationalError("claim", {}, psycopg.OperationalError("the connection is closed"))

    monkeypatch.setattr(running.journal(), "claim", away)
    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, failing_with(AssertionError("worked")))


def test_the_other_sides_wish_is_honoured(engine, episode_id):
    """Retry-After is the least the step waits."""
    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, failing_with(TransientError("Busy.", retry_after_s=500)))

    with reading(engine) as connection:
        row = connection.execute(select(STEP_RUN.c.not_before, STEP_RUN.c.due_at)).one()
    assert row.not_before - row.due_at >= 500


def test_a_bug_is_never_swallowed(engine, episode_id):
    """An error nobody foresaw is raised to Celery, and named as a bug in the database."""
    with pytest.raises(ZeroDivisionError):
        run_step(Step.RESEARCH, episode_id, failing_with(ZeroDivisionError("division by zero")))

    row = row_of(engine, episode_id)
    assert ("failed", "bug") == (row.state, row.error_code)
    assert "ZeroDivisionError" in row.error


def test_a_full_disk_is_waited_for(engine, episode_id):
    """ENOSPC from any library parks the step, with what to do."""
    error = OSError(errno.ENOSPC, "No space left on device", "/data/x.wav")
    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, failing_with(error))

    assert ("parked", 0) == (run_of(engine).state, run_of(engine).failures)
    assert "No space left for /data/x.wav" in run_of(engine).error


def test_a_lost_lease_writes_nothing(engine, episode_id):
    """The new owner decides what becomes of the step."""
    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, failing_with(LeaseLostError("Taken over.")))

    assert ("running", None) == (row_of(engine, episode_id).state, row_of(engine, episode_id).error)


def test_review_is_no_failure(engine, episode_id):
    """A person must decide: Celery sees no failure, the chain stops."""
    with pytest.raises(Ignore):
        run_step(Step.RESEARCH, episode_id, lambda _: Review(EMPTY, "Look."))

    assert ("review", "Look.") == (row_of(engine, episode_id).state, row_of(engine, episode_id).error)


def test_sending_back_publishes_the_tail(engine, episode_id, monkeypatch):
    """The chain from the earlier step is sent once the record is written."""
    sent = []

    def send(calls, *, point):
        sent.extend((call, row_of(engine, episode_id).step, point) for call in calls)

    monkeypatch.setattr(running.chain, "send", send)
    run_step(Step.RESEARCH, episode_id, lambda _: Done(EMPTY))
    with pytest.raises(Ignore):
        run_step(Step.SCRIPTING, episode_id, lambda _: SendBack(EMPTY, Step.RESEARCH))

    ((call, step, point),) = sent
    assert (episode_id, Step.RESEARCH, "research") == (call.episode_id, call.step, step)
    assert "scripting:sent" == point


def test_an_episode_that_kills_its_workers_is_set_aside(engine, episode_id):
    """After three dead workers it is failed with the reason, and its work is not begun again."""
    for _ in range(3):
        running.journal().claim(episode_id, Step.RESEARCH, "w")
        with transaction(engine) as connection:
            connection.execute(STEP_RUN.update().values(lease_expires_at=1.0))
    with pytest.raises(WorkersDiedError, match="3 workers died"):
        run_step(Step.RESEARCH, episode_id, failing_with(AssertionError("worked")))

    assert "failed" == row_of(engine, episode_id).state
