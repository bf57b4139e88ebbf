"""How every step runs: claim, work, record. The step modules only say what the work is."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from celery.exceptions import Ignore, Reject

from models.brief import Brief
from models.documents import Document
from models.publication import Publication
from models.quote import Degraded, Quote
from models.score import Score
from models.script import Script
from models.steps import STEPS, EpisodeState, Step, following
from podcast_tasks import admission, chain, deliveries, worker
from podcast_tasks.journal import Claim, Journal, Refusal
from podcast_tasks.lease import Keeper, Lease
from podcast_tasks.purchases import StepPurchases
from podcast_tasks.queues import queue_of
from podcast_tasks.retrying import Again, GiveUp, decide, explain
from podmill import faults
from podmill.context import StepContext
from podmill.errors import (
    BudgetExceededError,
    LeaseLostError,
    MovedError,
    PolicyError,
    ScriptError,
    StoppingError,
    TimedOutError,
    WorkersDiedError,
)
from podmill.settings import current
from podmill.speech.quality import under
from podmill.store.database import open_engine
from podmill.store.local import LocalStore
from podmill.store.outage import is_outage, through_outages
from podmill.store.room import check_room
from podmill.store.takes import DatabaseTakes
from podmill.store.voices import DatabaseVoices

if TYPE_CHECKING:
    from podmill.quality.gates import Decision

log = logging.getLogger(__name__)
AnyDocument = TypeVar("AnyDocument", bound=Document)


@dataclass(frozen=True, slots=True)
class Work:
    """What a step is given: its claim, the brief, the documents before it, and the context."""

    claim: Claim
    brief: Brief
    account: str
    context: StepContext
    journal: Journal
    check: Callable[[], None]
    """Called by whatever waits; raises LeaseLostError or StoppingError when the step must not wait here any longer."""
    go_on: Callable[[Claim], None]
    """Called with the claim that ``Journal.note`` gave, under which the step goes on."""
    degraded: Degraded | None = None
    """What was given up of the episode when its money was held: the brief is what is left."""

    def need(self, step: Step, kind: type[AnyDocument]) -> AnyDocument:
        """The document an earlier step made.

        Raises:
            ScriptError: it is not there, which only a damaged database explains.
        """
        document = self.journal.document(self.claim.episode_id, step, kind)
        if document is None:
            raise ScriptError(f"The {kind.__name__.lower()} of {self.claim.episode_id} is missing.")
        if self.degraded and isinstance(document, Script):
            return cast(AnyDocument, self.degraded.script(document))
        return document


@dataclass(frozen=True, slots=True)
class Done:
    """The step made its document."""

    document: Document
    scores: dict[str, Any] = field(default_factory=dict)
    """Columns of the episode."""
    measures: tuple[Score, ...] = ()
    publications: tuple[Publication, ...] = ()


@dataclass(frozen=True, slots=True)
class SendBack:
    """The document says that an earlier step must run again."""

    document: Document
    to: Step
    scores: dict[str, Any] = field(default_factory=dict)
    measures: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """A person must decide."""

    document: Document
    reason: str
    scores: dict[str, Any] = field(default_factory=dict)
    measures: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not reach what its show asks for, and nobody is to be asked."""

    document: Document
    reason: str
    scores: dict[str, Any] = field(default_factory=dict)
    measures: tuple[Score, ...] = ()


Outcome = Done | SendBack | Review | Failed


def judged(
    document: Document, decision: "Decision", *, scores: dict[str, Any], measures: tuple[Score, ...]
) -> Done | Review | Failed:
    """The end of a step whose gates have decided, where nothing can be spoken again."""
    match decision.action:
        case None | "note":
            return Done(document, scores=scores, measures=measures)
        case "fail":
            return Failed(document, decision.reason, scores=scores, measures=measures)
        case _:
            return Review(document, decision.reason, scores=scores, measures=measures)


@lru_cache(maxsize=1)
@through_outages
def journal() -> Journal:
    """The journal of this process."""
    settings = current()
    return Journal(open_engine(settings), settings)


@lru_cache(maxsize=1)
def keeper() -> Keeper:
    """The leases of this process."""
    return Keeper(journal(), stop_step=_stop_hanging, stop_work=worker.end_hanging)


def run_step(step: Step, episode_id: str, work: Callable[[Work], Outcome]) -> None:
    """Run one step of one episode, at most once at a time and to exactly one record.

    Raises:
        Ignore: this delivery has nothing to do, or the chain must not go on.
        Reject: this worker is stopping; the message goes back to its queue.
        PodmillError: the step failed for good; the reason is in the database.
    """
    claim = _claim(step, episode_id)
    if claim is None:
        return
    faults.hit(f"{step}:claimed")
    try:
        with keeper().hold(claim) as lease:
            outcome = _make(lease, work)
    except LeaseLostError as exc:
        log.warning("%s", exc)
        raise Ignore from exc
    except StoppingError as exc:
        log.info("%s", exc)
        journal().hand_back(claim)
        raise Reject(str(exc), requeue=True) from exc
    if not isinstance(outcome, Done):
        if isinstance(outcome, SendBack):
            call = chain.Call(episode_id, outcome.to, claim.interactive, claim.synthesis_queue)
            chain.send([call], point=f"{step}:sent")
        else:
            _leave_chain(claim)
        raise Ignore
    if following(step) is None:
        _leave_chain(claim)


def _claim(step: Step, episode_id: str) -> Claim | None:
    """The right to run the step; None: it was done before, and the chain may walk on.

    Raises:
        Ignore: it is not to be run here and now.
    """
    try:
        claim = journal().claim(episode_id, step, worker.name())
    except Exception as exc:
        if not is_outage(exc):
            raise
        log.warning("%s of %s was not begun: the reconciler sends it once the database is back", step, episode_id)
        raise Ignore from exc
    deliveries.count(done=isinstance(claim, Claim))
    if isinstance(claim, Claim):
        return claim
    if claim is Refusal.DONE:
        return None
    raise Ignore


def _make(lease: Lease, work: Callable[[Work], Outcome]) -> Outcome:
    """Work and record, as often as it takes.

    Raises:
        Ignore: the step is parked, or waits for a person.
        LeaseLostError, StoppingError: it is for another worker to do.
        Exception: the step failed for good.
    """
    while True:
        try:
            outcome = _work(lease, work)
            faults.hit(f"{lease.claim.step}:worked")
            _record(lease.claim, outcome)
        except (LeaseLostError, StoppingError):
            raise
        except Exception as exc:
            if not _may_go_on(lease, exc):
                raise
        else:
            faults.hit(f"{lease.claim.step}:recorded")
            return outcome


def _work(lease: Lease, work: Callable[[Work], Outcome]) -> Outcome:
    book, claim = journal(), lease.claim
    settings, (brief, degraded) = book.settings, _agreed(book, claim)
    if claim.lost_leases >= settings.deaths_max:
        raise WorkersDiedError(
            f"{claim.lost_leases} workers died during {claim.step}; the episode is set aside.",
            action="Look at the workers' logs (memory, disk), then run: podmill retry",
        )
    scratch = settings.temp / f"{claim.episode_id}-{claim.step}-{claim.token}"
    try:
        store = LocalStore(settings.store_dir)
        context = StepContext(
            settings=under(settings, brief.quality),
            store=store,
            takes=DatabaseTakes(book.engine, store),
            scratch=scratch,
            progress=lease.progress,
            purchases=StepPurchases(book.engine, claim, settings, lease.check),
            voices=DatabaseVoices(book.engine, claim.episode_id),
        )
        # Nothing may be asked and paid for whose answer cannot be kept, and the database needs room to say so.
        check_room({settings.temp: 0, settings.store_dir: 0}, settings.disk_reserve_mb, to=f"begin {claim.step}")
        return work(Work(claim, brief, claim.account, context, book, lease.check, lease.go_on, degraded))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _agreed(book: Journal, claim: Claim) -> tuple[Brief, Degraded | None]:
    """The brief as a step carries it out: from the cost check on, without what was given up there."""
    brief = Brief.model_validate(claim.brief)
    if not brief.degrade or STEPS.index(claim.step) <= STEPS.index(Step.COST_CHECK):
        return brief, None
    quote = book.document(claim.episode_id, Step.COST_CHECK, Quote)
    degraded = quote.degraded if quote else None
    return (degraded.brief(brief), degraded) if degraded else (brief, None)


def _record(claim: Claim, outcome: Outcome) -> None:
    book = journal()
    match outcome:
        case Done(document, scores, measures, publications):
            book.record(claim, document, scores=scores, measures=measures, publications=publications)
        case SendBack(document, to, scores, measures):
            book.send_back(claim, document, to, scores=scores, measures=measures)
        case Review(document, reason, scores, measures):
            book.fail(
                claim, "review", reason, state=EpisodeState.REVIEW, document=document, measures=measures, **scores
            )
        case Failed(document, reason, scores, measures):
            book.fail(claim, "quality", reason, document=document, measures=measures, **scores)


def _may_go_on(lease: Lease, error: Exception) -> bool:
    """Wait here for another try; park what must wait longer, end what will not succeed.

    Returns:
        Whether to try again now; if not, the step failed for good.

    Raises:
        Ignore: the step is parked, or waits for a person.
        LeaseLostError, StoppingError: it is for another worker to do.
    """
    book, claim = journal(), lease.claim
    verdict = _decide(claim, error)
    if isinstance(verdict, Again) and not isinstance(error, MovedError) and _may_wait_here(lease, verdict.wait_s):
        lease.claim = book.again(claim, explain(error)[1], counts=verdict.counts)
        lease.wait(verdict.wait_s)
        return True
    if _put_off(claim, error, verdict) is not EpisodeState.FAILED:
        raise Ignore from error
    return False


def _may_wait_here(lease: Lease, wait_s: float) -> bool:
    return lease.waited_s + wait_s <= journal().settings.wait_in_worker_s


def _stop_hanging(claim: Claim) -> None:
    limit_s = journal().settings.step_time_limit_s
    error = TimedOutError(
        f"{claim.step} took longer than {limit_s:g} s and was stopped.",
        action="If it needs longer, raise PODMILL_STEP_TIME_LIMIT_S, then run: podmill retry",
    )
    _put_off(claim, error, _decide(claim, error))


def _decide(claim: Claim, error: Exception) -> Again | GiveUp:
    return decide(error, claim.failures, queue_of(claim.step, claim.synthesis_queue), journal().settings)


def _put_off(claim: Claim, error: Exception, verdict: Again | GiveUp) -> EpisodeState:
    """Park the step or close the episode; returns what state it is in then."""
    code, reason = explain(error)
    if isinstance(verdict, Again):
        told = {"needed_microusd": error.needed_microusd} if isinstance(error, BudgetExceededError) else {}
        journal().park(claim, verdict.wait_s, reason, counts=verdict.counts, code=code, **told)
        _leave_chain(claim)
        return EpisodeState.PARKED
    lines = error.lines if isinstance(error, PolicyError) else ()
    journal().fail(claim, code, reason, state=verdict.state, lines=lines)
    _leave_chain(claim)
    return verdict.state


def _leave_chain(claim: Claim) -> None:
    """An episode of a batch gave its place back: another one takes it."""
    if not claim.interactive:
        admission.refill(journal().engine, journal().settings)
