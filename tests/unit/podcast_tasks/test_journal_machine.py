"""The journal against a model of it: any workers, in any order, killed or cut off at any moment of any write."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import OperationalError

from models.brief import Brief
from models.documents import Document
from models.dossier import Dossier
from models.steps import OPEN_STATES, STEPS, EpisodeState, Step, StepState, following
from models.tables import Event, table
from models.verdict import Verdict
from pipelines import episode as episodes
from podcast_tasks import admission
from podcast_tasks import journal as journal_module
from podcast_tasks.journal import EPISODE, STEP_RUN, Claim, Journal, Refusal
from podmill.errors import LeaseLostError
from podmill.store import database, outage
from podmill.store.database import reading, transaction
from tests.effort import examples

pytestmark = pytest.mark.slow

EVENT = table(Event)
EMPTY = Dossier(topic="tides", language="en", sources=(), facts=())
WORKERS = ("host:1/10", "host:1/11", "host:2")

workers = st.sampled_from(WORKERS)
steps = st.one_of(st.none(), st.none(), st.none(), st.sampled_from(STEPS))
"""None: the one whose turn it is."""
picks = st.integers(0, 1_000_000)
cuts = st.one_of(
    st.none(),
    st.tuples(st.just("killed before statement"), st.integers(0, 6)),
    st.just(("killed after the commit", 0)),
    st.just(("connection lost in the commit", 0)),
)


class KilledError(BaseException):
    """As SIGKILL: nothing in the process runs any more."""


@contextmanager
def cut_off(engine, monkeypatch, cut):
    """What happens to one write of the journal."""
    if cut is None:
        yield
        return
    how, number = cut
    commits = []

    @contextmanager
    def cut_transaction(engine):
        with transaction(engine) as connection:
            seen = []

            def look(*_args):
                seen.append(1)
                if how == "killed before statement" and len(seen) > number:
                    raise KilledError

            event.listen(connection, "before_cursor_execute", look)
            try:
                yield connection
            finally:
                event.remove(connection, "before_cursor_execute", look)
        commits.append(1)
        if how == "killed after the commit":
            raise KilledError
        if how == "connection lost in the commit" and len(commits) == 1:
            raise OperationalError("COMMIT", {}, psycopg.OperationalError("server closed the connection unexpectedly"))

    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "transaction", cut_transaction)
        yield


def made_by(claim: Claim) -> Document:
    """What a step makes: only what verification heard matters to the journal."""
    if claim.step is not Step.VERIFICATION:
        return EMPTY
    return Verdict(passed=False, word_accuracy=0.5, threshold=0.9, lines=(), round=claim.round, transcriber="t")


@dataclass
class Run:
    """What the model says of one step run."""

    state: StepState = StepState.DUE
    round: int = 0
    attempt: int = 0
    failures: int = 0
    lost_leases: int = 0
    token: str | None = None
    worker: str | None = None
    is_expired: bool = False
    is_awake: bool = True


class JournalMachine(RuleBasedStateMachine):
    """One episode. ``claims`` are all that were ever given, also those of workers that are dead or were replaced."""

    def __init__(self, engine, settings, show, monkeypatch):
        super().__init__()
        self.journal, self.settings, self.monkeypatch = Journal(engine, settings), settings, monkeypatch
        with transaction(engine) as connection:
            self.episode_id, _ = episodes.make(
                connection, key=uuid4().hex, brief=Brief(show=show, topic="tides"), title="Tides", account="default"
            )
        self.state, self.step = EpisodeState.QUEUED, Step.RESEARCH
        self.runs = {Step.RESEARCH: Run()}
        self.claims: list[Claim] = []
        self.recorded: list[tuple[Step, int]] = []
        self.published = 0
        self.heard: int | None = None
        """Round of the last verdict."""

    @initialize(at=st.sampled_from((Step.RESEARCH, Step.SYNTHESIS, Step.VERIFICATION, Step.PUBLISHING)))
    def walk_on(self, at):
        """Some begin late in the chain, where rounds are."""
        while self.step != at:
            self.make_step(WORKERS[0])
        self.claim(None, WORKERS[0], None)

    def chosen(self, pick: int) -> int:
        """Mostly a claim that owns the step, taken now if nobody does; else any that was ever given."""
        if pick % 4 == 0:
            return pick % len(self.claims)
        if not self.owner(self.claims[-1]):
            self.retry()
            self.leases_expire()
            self.time_passes()
            self.claim(self.step, WORKERS[pick % 3], None)
        return len(self.claims) - 1

    def owner(self, claim: Claim) -> Run | None:
        """The run that a claim still owns."""
        run = self.runs.get(claim.step)
        return run if run and run.state == StepState.RUNNING and run.token == claim.token else None

    def write(self, claim: Claim, call: Callable[[], Any], effect: Callable[[Run], None], cut: Any) -> None:
        """One write under a claim, cut off or not: it has its effect wholly or not at all, and only for the owner."""
        run, before = self.owner(claim), self.row()
        outcome: Any = None
        try:
            with cut_off(self.journal.engine, self.monkeypatch, cut):
                call()
        except (LeaseLostError, KilledError) as error:
            outcome = error
        if isinstance(outcome, KilledError) and cut[0] == "killed before statement":
            assert self.row() == before, "half of a write is there"
            return
        if run is None:
            assert isinstance(outcome, LeaseLostError)
            return
        effect(run)
        if cut is None:
            assert outcome is None

    def row(self):
        with reading(self.journal.engine) as connection:
            episode = connection.execute(select(EPISODE).where(EPISODE.c.id == self.episode_id)).one()
            runs = connection.execute(
                select(STEP_RUN).where(STEP_RUN.c.episode_id == self.episode_id).order_by(STEP_RUN.c.step)
            ).all()
            noted = connection.scalar(select(func.count()).where(EVENT.c.episode_id == self.episode_id))
        return episode, runs, noted

    def listen(self, claim: Claim) -> None:
        if claim.step is Step.VERIFICATION:
            self.heard = claim.round

    def due(self, step: Step, round_: int) -> None:
        self.runs[step] = Run(round=round_)
        self.step = step

    # What workers do

    @rule(step=steps, worker=workers, cut=cuts)
    def claim(self, step, worker, cut):
        step = step or self.step
        run = self.runs.get(step)
        may = (
            run is not None
            and self.state in OPEN_STATES
            and self.step == step
            and (
                run.state == StepState.DUE
                or (run.state == StepState.PARKED and run.is_awake)
                or (run.state == StepState.RUNNING and run.is_expired)
            )
        )
        before = self.row()
        answer: Any = None
        killed = False
        try:
            with cut_off(self.journal.engine, self.monkeypatch, cut):
                answer = self.journal.claim(self.episode_id, step, worker)
        except KilledError:
            killed = True
        if killed and cut[0] == "killed before statement":
            assert self.row() == before
            return
        if not may:
            passed = STEPS.index(self.step) > STEPS.index(step)
            assert killed or answer is (Refusal.DONE if passed else Refusal.NOT_NOW)
            return
        assert run is not None
        run.lost_leases += run.state == StepState.RUNNING
        run.state, run.worker, run.is_expired = StepState.RUNNING, worker, False
        run.attempt += 1
        self.state = EpisodeState.RUNNING
        if killed:
            run.token = next(each.lease_token for each in self.row()[1] if each.step == step)
            return
        assert isinstance(answer, Claim)
        run.token = answer.token
        assert (run.round, run.attempt, run.failures, run.lost_leases) == (
            *(answer.round, answer.attempt, answer.failures, answer.lost_leases),
        )
        self.claims.append(answer)

    @precondition(lambda self: self.claims)
    @rule(pick=picks, count=st.integers(1, 3))
    def renew(self, pick, count):
        chosen = [self.claims[(pick + n) % len(self.claims)] for n in range(count)]
        kept = self.journal.renew(chosen)

        assert kept == {claim.token for claim in chosen if self.owner(claim)}
        for claim in chosen:
            if run := self.owner(claim):
                run.is_expired = False

    @precondition(lambda self: self.claims)
    @rule(pick=picks, cut=cuts)
    def record(self, pick, cut):
        claim = self.claims[self.chosen(pick)]

        def effect(run):
            run.state, run.token = StepState.DONE, None
            self.recorded.append((claim.step, claim.round))
            self.listen(claim)
            successor = following(claim.step)
            if successor:
                self.due(successor, claim.round)
            else:
                self.state = EpisodeState.PUBLISHED
                self.published += 1

        self.write(claim, lambda: self.journal.record(claim, made_by(claim), scores={"requests": 3}), effect, cut)

    @precondition(lambda self: self.state in OPEN_STATES)
    @rule(worker=workers)
    def make_step(self, worker):
        """What mostly happens: nothing goes wrong."""
        self.leases_expire()
        self.time_passes()
        self.claim(None, worker, None)
        self.record(1, None)

    @precondition(lambda self: any(claim.step is Step.VERIFICATION for claim in self.claims))
    @rule(pick=picks, cut=cuts)
    def send_back(self, pick, cut):
        while self.step in (Step.SYNTHESIS, Step.VERIFICATION) and (claim := self.claims[self.chosen(pick | 1)]):
            if claim.step is Step.VERIFICATION:
                break
            self.record(1, None)
        claim = next(claim for claim in reversed(self.claims) if claim.step is Step.VERIFICATION)

        def effect(run):
            run.state, run.token = StepState.DONE, None
            self.listen(claim)
            self.due(Step.SYNTHESIS, claim.round + 1)

        call = partial(self.journal.send_back, claim, made_by(claim), Step.SYNTHESIS, scores={})
        self.write(claim, call, effect, cut)

    @precondition(lambda self: self.claims)
    @rule(pick=picks, counts=st.booleans(), cut=cuts)
    def try_again(self, pick, counts, cut):
        index = self.chosen(pick)
        claim = self.claims[index]
        run = self.owner(claim)
        if run and (claim.attempt, claim.failures) != (run.attempt, run.failures):
            return  # a worker does not use its claim of an earlier try

        def effect(run):
            run.attempt, run.failures, run.is_expired = claim.attempt + 1, claim.failures + counts, False

        def call():
            self.claims[index] = self.journal.again(claim, "Busy.", counts=counts)

        self.write(claim, call, effect, cut)

    @precondition(lambda self: self.claims)
    @rule(pick=picks, counts=st.booleans(), cut=cuts)
    def park(self, pick, counts, cut):
        claim = self.claims[self.chosen(pick)]

        def effect(run):
            run.state, run.token, run.is_awake = StepState.PARKED, None, False
            run.failures = claim.failures + counts
            self.state = EpisodeState.PARKED

        self.write(claim, lambda: self.journal.park(claim, 1000, "Wait.", counts=counts), effect, cut)

    @precondition(lambda self: self.claims)
    @rule(pick=picks, state=st.sampled_from([EpisodeState.FAILED, EpisodeState.REVIEW]), cut=cuts)
    def fail(self, pick, state, cut):
        claim = self.claims[self.chosen(pick)]
        judged = {"document": made_by(claim)} if state is EpisodeState.REVIEW else {}

        def effect(run):
            run.state, run.token = StepState.FAILED, None
            self.state = state
            if judged:
                self.listen(claim)

        call = partial(self.journal.fail, claim, "source", "No.", state=state, **judged)
        self.write(claim, call, effect, cut)

    @precondition(lambda self: self.claims)
    @rule(pick=picks)
    def hand_back(self, pick):
        claim = self.claims[self.chosen(pick)]
        run = self.owner(claim)

        assert self.journal.hand_back(claim) is (run is not None)
        if run:
            run.state, run.token = StepState.DUE, None

    @rule(worker=st.sampled_from(("host:1", "host:2", "host:1/1")))
    def hand_back_all(self, worker):
        held = [
            run
            for run in self.runs.values()
            if run.state == StepState.RUNNING and run.worker and f"{run.worker}/".startswith(f"{worker}/")
        ]
        # The database is shared by all examples of this test: other episodes may be handed back as well.
        assert self.journal.hand_back_all(worker) >= len(held)
        for run in held:
            run.state, run.token = StepState.DUE, None

    # What time and people do

    @rule()
    def leases_expire(self):
        self.touch(lease_expires_at=1.0, state=StepState.RUNNING)
        for run in self.runs.values():
            run.is_expired = run.state == StepState.RUNNING

    @rule()
    def time_passes(self):
        self.touch(not_before=1.0, state=StepState.PARKED)
        for run in self.runs.values():
            run.is_awake = True

    def touch(self, *, state: StepState, **values: Any) -> None:
        with transaction(self.journal.engine) as connection:
            connection.execute(
                update(STEP_RUN)
                .where(STEP_RUN.c.episode_id == self.episode_id, STEP_RUN.c.state == state)
                .values(**values)
            )

    @rule()
    def cancel(self):
        closable = self.state in (*OPEN_STATES, EpisodeState.REVIEW)
        assert bool(episodes.cancel([self.episode_id], self.settings)) is closable
        if closable:
            self.state = EpisodeState.CANCELLED
            for run in self.runs.values():
                if run.state != StepState.DONE:
                    run.state, run.token = StepState.FAILED, None

    @rule()
    def retry(self):
        closed = self.state in (EpisodeState.FAILED, EpisodeState.REVIEW, EpisodeState.CANCELLED)
        assert bool(episodes.retry([self.episode_id], self.settings)) is closed
        if closed:
            refused = self.step is Step.VERIFICATION and self.heard == self.runs[self.step].round
            step = Step.SYNTHESIS if refused else self.step
            self.due(step, self.runs[step].round + refused)
            self.state = EpisodeState.QUEUED

    # What is always true

    @invariant()
    def the_database_is_as_the_model_says(self):
        episode, rows, _ = self.row()
        assert (episode.state, episode.step) == (self.state, self.step)
        said = {
            step: (run.state, run.round, run.attempt, run.failures, run.lost_leases, run.token)
            for step, run in self.runs.items()
        }
        assert said == {
            row.step: (row.state, row.round, row.attempt, row.failures, row.lost_leases, row.lease_token)
            for row in rows
        }
        running = [row for row in rows if row.state == StepState.RUNNING]
        assert len(running) <= 1, "two steps at once"
        assert all(row.lease_token and row.step == self.step for row in running)
        assert len([claim for claim in self.claims if self.owner(claim)]) <= 1, "two owners"

    def teardown(self):
        """Each step is on the record once for each round of it, and the last one once at most."""
        assert self.published <= 1
        with reading(self.journal.engine) as connection:
            noted = connection.scalars(
                select(EVENT.c.data).where(EVENT.c.episode_id == self.episode_id, EVENT.c.kind == "step_done")
            )
            assert sorted(self.recorded) == sorted((note["step"], note["round"]) for note in noted)
        assert len(self.recorded) == len(set(self.recorded))


def test_the_journal_does_what_its_model_says(engine, settings, show, monkeypatch):
    """One live owner, no write without the token, each step recorded once a round, published once; all counts right."""
    monkeypatch.setattr(admission.chain, "send", lambda calls, **_: len(calls))
    monkeypatch.setattr(database, "migrate", lambda *_: None)
    monkeypatch.setattr(outage, "PAUSE_FIRST_S", 0.0)
    run_state_machine_as_test(
        lambda: JournalMachine(engine, settings, show, monkeypatch),
        settings=effort(
            max_examples=examples(25), stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
