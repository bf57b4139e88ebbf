"""The journal: of any number of workers one runs a step, and only its owner writes."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from models.brief import Brief
from models.dossier import Dossier
from models.steps import STEPS, EpisodeState, Step, StepState
from models.verdict import Verdict
from pipelines import episode as episodes
from pipelines.episode import cancel, retry
from podcast_tasks import journal as journal_module
from podcast_tasks.journal import EPISODE, STEP_RUN, Claim, Journal, Refusal
from podcast_tasks.usage import Usage
from podmill.errors import LeaseLostError
from podmill.store.database import reading, transaction
from tests import warm

EMPTY = Dossier(topic="tides", language="en", sources=(), facts=())


@pytest.fixture
def journal(engine, settings):
    return Journal(engine, settings)


@pytest.fixture
def episode_id(engine, show):
    with transaction(engine) as connection:
        made, _ = episodes.make(
            connection, key="k1", brief=Brief(show=show, topic="tides"), title="Tides", account="default"
        )
    return made


def claimed(journal: Journal, episode_id: str, step: Step = Step.RESEARCH) -> Claim:
    claim = journal.claim(episode_id, step, "worker")
    assert isinstance(claim, Claim)
    return claim


def row_of(journal: Journal, episode_id: str):
    with reading(journal.engine) as connection:
        return connection.execute(select(EPISODE).where(EPISODE.c.id == episode_id)).one()


def expire(journal: Journal) -> None:
    with transaction(journal.engine) as connection:
        connection.execute(update(STEP_RUN).values(lease_expires_at=1.0))


def test_one_of_many_claims_succeeds(journal, episode_id):
    """Twenty workers that ask at once: one gets the step, nineteen are refused."""
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: journal.claim(episode_id, Step.RESEARCH, f"w{n}"), range(20)))

    assert sum(isinstance(answer, Claim) for answer in answers) == 1
    assert answers.count(Refusal.NOT_NOW) == 19


CLAIMERS = """
import sys, time
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from podcast_tasks.journal import Claim, Journal
from podmill.settings import current
from podmill.store.database import open_engine
from models.steps import Step

journal = Journal(open_engine(current()), current())
name, gate, *ids = sys.argv[1:]
print("ready", flush=True)
while not Path(gate).exists():
    time.sleep(0.001)
with ThreadPoolExecutor(4) as pool:
    claims = list(pool.map(lambda each: journal.claim(each, Step.RESEARCH, name), ids * 4))
print(*(claim.episode_id for claim in claims if isinstance(claim, Claim)))
"""


def test_of_many_processes_one_claims_each_step(engine, show, settings, tmp_path):
    """Four processes of four threads that ask for the same forty steps at once: each step is given once."""
    with transaction(engine) as connection:
        ids = [
            episodes.make(connection, key=str(n), brief=Brief(show=show), title="x", account="default")[0]
            for n in range(40)
        ]
    env = {**os.environ, **({"PODMILL_DATABASE_URL": settings.database} if settings.database_url else {})}
    said = [tmp_path / f"claimer{number}" for number in range(4)]
    gate = tmp_path / "gate"
    claimers = [warm.start(["-c", CLAIMERS, out.name, str(gate), *ids], env, tmp_path, out) for out in said]
    give_up_at = time.monotonic() + 60
    while not all(out.read_text() for out in said):
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    gate.touch()  # all begin together

    assert [0] * 4 == [claimer.wait(60) for claimer in claimers]
    given = [out.read_text().split()[1:] for out in said]
    assert sorted(ids) == sorted(each for of_one in given for each in of_one)


@pytest.mark.parametrize("change", ["claim", "again"])
def test_a_commit_whose_answer_was_lost_counts_once(journal, episode_id, monkeypatch, change):
    """The connection breaks in the commit, nobody knows whether it was done: the write is repeated, its effect not."""
    if change == "again":
        claim = claimed(journal, episode_id)
    broken = []

    @contextmanager
    def breaking(engine):
        with transaction(engine) as connection:
            yield connection
        if not broken:
            broken.append(1)
            raise OperationalError("COMMIT", {}, psycopg.OperationalError("server closed the connection unexpectedly"))

    monkeypatch.setattr(journal_module, "transaction", breaking)
    claim = claimed(journal, episode_id) if change == "claim" else journal.again(claim, "Busy.", counts=True)

    with reading(journal.engine) as connection:
        run = connection.execute(select(STEP_RUN)).one()
    assert broken
    assert (run.lease_token, run.attempt, run.failures) == (claim.token, claim.attempt, claim.failures)
    assert (run.attempt, run.failures, run.lost_leases) == ((1, 0, 0) if change == "claim" else (2, 1, 0))


def test_a_stopping_worker_hands_back_what_its_children_hold(journal, engine, show):
    """Its own steps and its children's, not those of a worker whose number begins alike."""
    with transaction(engine) as connection:
        ids = [
            episodes.make(connection, key=str(n), brief=Brief(show=show), title="x", account="default")[0]
            for n in range(4)
        ]
    claims = [
        journal.claim(each, Step.RESEARCH, worker)
        for each, worker in zip(ids, ("h:1", "h:1/7", "h:12", "h:12/7"), strict=True)
    ]

    assert 2 == journal.hand_back_all("h:1")
    assert {claim.token for claim in claims[2:]} == journal.renew(claims)
    assert claimed(journal, ids[1]).lost_leases == 0


def test_a_later_step_cannot_be_claimed_before_its_turn(journal, episode_id):
    """Scripting is refused while research is due."""
    assert Refusal.NOT_NOW is journal.claim(episode_id, Step.SCRIPTING, "w")


def test_recording_moves_the_episode_on(journal, episode_id):
    """The document, the done step and the next due step appear together."""
    claim = claimed(journal, episode_id)
    journal.record(claim, EMPTY, scores={"title": "Tides, explained"})

    row = row_of(journal, episode_id)
    assert (row.step, row.title, row.state) == ("scripting", "Tides, explained", EpisodeState.RUNNING)
    assert journal.document(episode_id, Step.RESEARCH, Dossier) == EMPTY
    assert isinstance(journal.claim(episode_id, Step.SCRIPTING, "w"), Claim)


def test_what_a_step_takes_is_kept(journal, episode_id, monkeypatch):
    """Over the rounds of a step processor time adds up, and the most memory counts."""
    used = [(1.0, 300.0), (2.0, 300.0), (4.0, 300.0), (8.0, 500.0), (16.0, 700.0), (32.0, 400.0)]
    monkeypatch.setattr(Usage, "so_far", lambda _: dict(zip(("cpu_s", "peak_mb"), used.pop(0), strict=True)))
    for step in STEPS[:4]:
        journal.record(claimed(journal, episode_id, step), EMPTY)
    journal.send_back(claimed(journal, episode_id, Step.VERIFICATION), EMPTY, Step.SYNTHESIS, scores={})
    journal.record(claimed(journal, episode_id, Step.SYNTHESIS), EMPTY)

    with reading(journal.engine) as connection:
        rows = connection.execute(select(STEP_RUN.c.step, STEP_RUN.c.cpu_s, STEP_RUN.c.peak_mb)).all()
    kept = {step: (cpu_s, peak_mb) for step, cpu_s, peak_mb in rows}
    assert (kept["synthesis"], kept["verification"]) == ((40.0, 500.0), (16.0, 700.0))


def test_a_done_step_lets_the_chain_walk_on(journal, episode_id):
    """A duplicate of a recorded step is told that it is done, not that it must stop."""
    journal.record(claimed(journal, episode_id), EMPTY)

    assert Refusal.DONE is journal.claim(episode_id, Step.RESEARCH, "w")


def test_a_silent_worker_is_replaced_and_can_write_no_more(journal, episode_id):
    """After the lease ends another worker owns the step; the first one's record is refused whole."""
    first = claimed(journal, episode_id)
    expire(journal)
    second = claimed(journal, episode_id)

    assert second.lost_leases == 1
    with pytest.raises(LeaseLostError):
        journal.record(first, EMPTY)
    assert {second.token} == journal.renew([first, second])
    assert journal.document(episode_id, Step.RESEARCH, Dossier) is None
    journal.record(second, EMPTY)


def test_a_renewed_lease_is_not_taken_over(engine, settings, episode_id):
    """A lease that is renewed outlives its first term."""
    journal = Journal(engine, settings.model_copy(update={"lease_s": 0.4}))
    claim = claimed(journal, episode_id)
    for _ in range(4):
        time.sleep(0.2)
        assert {claim.token} == journal.renew([claim])

    assert Refusal.NOT_NOW is journal.claim(episode_id, Step.RESEARCH, "w")


def test_a_parked_step_waits_for_its_time(journal, episode_id):
    """It cannot be claimed before, and can be after."""
    journal.park(claimed(journal, episode_id), 0.5, "The provider said so.")
    assert row_of(journal, episode_id).state == EpisodeState.PARKED
    assert Refusal.NOT_NOW is journal.claim(episode_id, Step.RESEARCH, "w")
    time.sleep(0.6)

    assert claimed(journal, episode_id).attempt == 2


def test_sending_back_makes_an_earlier_step_due_again(journal, episode_id):
    """Verification sends back to synthesis: a new round, and verification is due after it."""
    for step in STEPS[:4]:
        journal.record(claimed(journal, episode_id, step), EMPTY)
    journal.send_back(claimed(journal, episode_id, Step.VERIFICATION), EMPTY, Step.SYNTHESIS, scores={})

    again = claimed(journal, episode_id, Step.SYNTHESIS)
    assert (again.round, again.attempt) == (1, 1)
    journal.record(again, EMPTY)
    assert claimed(journal, episode_id, Step.VERIFICATION).round == 1


def test_a_stale_message_after_sending_back_does_not_walk_on(journal, episode_id):
    """The message of the first round finds verification's turn not come, and stops."""
    for step in STEPS[:4]:
        journal.record(claimed(journal, episode_id, step), EMPTY)
    journal.send_back(claimed(journal, episode_id, Step.VERIFICATION), EMPTY, Step.SYNTHESIS, scores={})

    assert Refusal.NOT_NOW is journal.claim(episode_id, Step.VERIFICATION, "w")


def test_failure_keeps_its_reason(journal, episode_id):
    """The episode is failed, at its step, with code and reason."""
    journal.fail(claimed(journal, episode_id), "source", "The source cannot be read.")

    row = row_of(journal, episode_id)
    assert (row.state, row.step, row.error_code) == ("failed", "research", "source")
    assert Refusal.NOT_NOW is journal.claim(episode_id, Step.RESEARCH, "w")


def test_a_failed_episode_can_be_retried(journal, episode_id, settings):
    """It goes on at the step it failed in."""
    journal.record(claimed(journal, episode_id), EMPTY)
    journal.fail(claimed(journal, episode_id, Step.SCRIPTING), "script", "No.")

    assert [episode_id] == retry([episode_id[:8]], settings)
    assert claimed(journal, episode_id, Step.SCRIPTING).attempt == 1


def test_a_refused_recording_is_spoken_again_on_retry(journal, episode_id, settings):
    """From review in verification a retry goes back to synthesis, as another round."""
    for step in STEPS[:4]:
        journal.record(claimed(journal, episode_id, step), EMPTY)
    claim = claimed(journal, episode_id, Step.VERIFICATION)
    verdict = Verdict(passed=False, word_accuracy=0.5, threshold=0.9, lines=(), round=0, transcriber="t")
    journal.fail(claim, "review", "Not understood.", state=EpisodeState.REVIEW, document=verdict)
    retry([episode_id], settings)

    assert claimed(journal, episode_id, Step.SYNTHESIS).round == 1


def test_a_cancelled_episode_takes_the_lease_away(journal, episode_id, settings):
    """The worker that runs it can write nothing more."""
    claim = claimed(journal, episode_id)
    assert [episode_id] == cancel([episode_id], settings)

    with pytest.raises(LeaseLostError):
        journal.record(claim, EMPTY)
    assert row_of(journal, episode_id).state == EpisodeState.CANCELLED


def test_the_last_step_publishes(journal, episode_id):
    """After seven records the episode is published and nothing is due."""
    for step in STEPS:
        journal.record(claimed(journal, episode_id, step), EMPTY)

    row = row_of(journal, episode_id)
    assert row.state == EpisodeState.PUBLISHED
    assert row.published_at is not None
    with reading(journal.engine) as connection:
        assert {StepState.DONE} == set(connection.scalars(select(STEP_RUN.c.state)))


def test_concurrent_writers_wait_for_each_other(journal, engine, show):
    """Fifty episodes claimed and recorded by eight threads: no step is lost to a locked database."""
    with transaction(engine) as connection:
        ids = [
            episodes.make(connection, key=str(n), brief=Brief(show=show), title="x", account="default")[0]
            for n in range(50)
        ]
    barrier = threading.Barrier(8)

    def work(mine: list[str]) -> None:
        barrier.wait()
        for each in mine:
            journal.record(claimed(journal, each), EMPTY)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [ids[n::8] for n in range(8)]))

    with reading(engine) as connection:
        assert {"scripting"} == set(connection.scalars(select(EPISODE.c.step)))
