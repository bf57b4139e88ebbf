"""How a step runs: every way it can end is in the database, and nothing is left on the disk."""

import errno

import pytest
from celery.exceptions import Ignore
from sqlalchemy import select

from models.brief import Brief
from models.dossier import Dossier
from models.steps import Step
from pipelines import episode as episodes
from podcast_tasks import running
from podcast_tasks.journal import EPISODE, STEP_RUN
from podcast_tasks.running import Done, Review, SendBack, Work, run_step
from podmill.errors import LeaseLostError, SourceError, TransientError
from podmill.settings import current
from podmill.store.database import reading, transaction

EMPTY = Dossier(topic="tides", language="en", sources=(), facts=())


@pytest.fixture
def episode_id(engine, show, settings, monkeypatch):
    if settings.database_url:
        monkeypatch.setenv("PODMILL_DATABASE_URL", settings.database)
    monkeypatch.setenv("PODMILL_RETRY_BASE_S", "0.001")
    monkeypatch.setenv("PODMILL_RETRY_CAP_S", "0.001")
    current.cache_clear()
    running.journal.cache_clear()
    with transaction(engine) as connection:
        made, _ = episodes.make(
            connection, key="k1", brief=Brief(show=show, topic="tides"), title="Tides", account="default"
        )
    yield made
    running.journal.cache_clear()


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
    """Parked after each of three, failed after the fourth."""
    for _ in range(3):
        with pytest.raises(Ignore):
            run_step(Step.RESEARCH, episode_id, failing_with(TransientError("Busy.")))
        assert "parked" == row_of(engine, episode_id).state
    with pytest.raises(TransientError):
        run_step(Step.RESEARCH, episode_id, failing_with(TransientError("Busy.")))

    assert ("failed", "transient") == (row_of(engine, episode_id).state, row_of(engine, episode_id).error_code)


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


def test_a_full_disk_is_not_a_bug(engine, episode_id):
    """ENOSPC from any library says what to do."""
    error = OSError(errno.ENOSPC, "No space left on device", "/data/x.wav")
    with pytest.raises(OSError, match="No space"):
        run_step(Step.RESEARCH, episode_id, failing_with(error))

    assert "disk_full" == row_of(engine, episode_id).error_code


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

    class Tail:
        def apply_async(self):
            sent.append(row_of(engine, episode_id).step)

    monkeypatch.setattr(running.chain, "tail", lambda *_: Tail())
    run_step(Step.RESEARCH, episode_id, lambda _: Done(EMPTY))
    with pytest.raises(Ignore):
        run_step(Step.SCRIPTING, episode_id, lambda _: SendBack(EMPTY, Step.RESEARCH))

    assert ["research"] == sent


def test_an_episode_that_kills_its_workers_is_set_aside(engine, episode_id):
    """After three dead workers it is failed with the reason, and its work is not begun again."""
    for _ in range(3):
        running.journal().claim(episode_id, Step.RESEARCH, "w")
        with transaction(engine) as connection:
            connection.execute(STEP_RUN.update().values(lease_expires_at=1.0))
    with pytest.raises(Exception, match="3 workers died"):
        run_step(Step.RESEARCH, episode_id, failing_with(AssertionError("worked")))

    assert "failed" == row_of(engine, episode_id).state
