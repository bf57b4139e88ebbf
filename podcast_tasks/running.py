"""How every step runs: claim, work, record. The step modules only say what the work is."""

import logging
import os
import random
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from celery.exceptions import Ignore
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from models.brief import Brief
from models.documents import Document
from models.publication import Publication
from models.steps import EpisodeState, Step
from podcast_tasks import chain
from podcast_tasks.journal import EPISODE, Claim, Journal, Refusal, explain
from podcast_tasks.lease import Lease
from podmill import faults
from podmill.context import StepContext
from podmill.errors import LeaseLostError, PodmillError, ScriptError
from podmill.settings import current
from podmill.store.database import open_engine, reading
from podmill.store.local import LocalStore
from podmill.store.takes import DatabaseTakes

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

    def need(self, step: Step, kind: type[AnyDocument]) -> AnyDocument:
        """The document an earlier step made.

        Raises:
            ScriptError: it is not there, which only a damaged database explains.
        """
        document = self.journal.document(self.claim.episode_id, step, kind)
        if document is None:
            raise ScriptError(f"The {kind.__name__.lower()} of {self.claim.episode_id} is missing.")
        return document


@dataclass(frozen=True, slots=True)
class Done:
    """The step made its document."""

    document: Document
    scores: dict[str, Any] = field(default_factory=dict)
    publications: tuple[Publication, ...] = ()


@dataclass(frozen=True, slots=True)
class SendBack:
    """The document says that an earlier step must run again."""

    document: Document
    to: Step
    scores: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """A person must decide."""

    document: Document
    reason: str
    scores: dict[str, Any] = field(default_factory=dict)


Outcome = Done | SendBack | Review


@lru_cache(maxsize=1)
def journal() -> Journal:
    """The journal of this process."""
    settings = current()
    return Journal(open_engine(settings), settings)


def run_step(step: Step, episode_id: str, work: Callable[[Work], Outcome]) -> None:
    """Run one step of one episode, at most once at a time and to exactly one record.

    Raises:
        Ignore: this delivery has nothing to do, or the chain must not go on.
        PodmillError: the step failed for good; the reason is in the database.
    """
    book = journal()
    claim = book.claim(episode_id, step, worker=f"{socket.gethostname()}:{os.getpid()}")
    if claim is Refusal.DONE:
        return
    if isinstance(claim, Refusal):
        raise Ignore
    faults.hit(f"{step}:claimed")
    try:
        with Lease(book, claim) as lease:
            outcome = _work(book, claim, lease, work)
            faults.hit(f"{step}:worked")
        _record(book, claim, outcome)
        faults.hit(f"{step}:recorded")
    except LeaseLostError as exc:
        log.warning("%s", exc)
        raise Ignore from exc
    except Exception as exc:
        try:
            _give_up_or_wait(book, claim, exc)
        except LeaseLostError as lost:
            log.warning("%s", lost)
            raise Ignore from exc
        raise
    if not isinstance(outcome, Done):
        if isinstance(outcome, SendBack):
            chain.tail(episode_id, outcome.to).apply_async()
        raise Ignore


def _work(book: Journal, claim: Claim, lease: Lease, work: Callable[[Work], Outcome]) -> Outcome:
    if claim.lost_leases >= book.settings.deaths_max:
        raise PodmillError(
            f"{claim.lost_leases} workers died during {claim.step}; the episode is set aside.",
            action="Look at the workers' logs (memory, disk), then run: podmill retry",
        )
    with reading(book.engine) as connection:
        row = connection.execute(
            select(EPISODE.c.brief, EPISODE.c.account).where(EPISODE.c.id == claim.episode_id)
        ).one()
    settings = book.settings
    temp_dir = settings.temp / f"{claim.episode_id}-{claim.step}-{claim.token}"
    temp_dir.mkdir(parents=True)
    try:
        store = LocalStore(settings.store_dir)
        context = StepContext(
            settings=settings,
            store=store,
            takes=DatabaseTakes(book.engine, store),
            temp_dir=temp_dir,
            progress=lease.progress,
        )
        return work(Work(claim, Brief.model_validate(row.brief), row.account, context, book))
    finally:
        shutil.rmtree(temp_dir, ignore_errors=True)


def _record(book: Journal, claim: Claim, outcome: Outcome) -> None:
    match outcome:
        case Done(document, scores, publications):
            book.record(claim, document, scores=scores, publications=publications)
        case SendBack(document, to, scores):
            book.send_back(claim, document, to, scores=scores)
        case Review(document, reason, scores):
            book.fail(claim, "review", reason, state=EpisodeState.REVIEW, document=document, **scores)


def _give_up_or_wait(book: Journal, claim: Claim, error: Exception) -> None:
    """Park what may succeed later; fail what will not.

    Raises:
        Ignore: the step is parked.
        LeaseLostError: the step belongs to another worker; nothing is written.
    """
    tries = claim.attempt - claim.lost_leases
    if _may_pass(error) and tries <= book.settings.retries:
        book.park(claim, _wait_s(book, tries, error), explain(error)[1])
        raise Ignore from error
    book.fail(claim, *explain(error))


def _may_pass(error: Exception) -> bool:
    """A database that is away or locked for a moment is not the episode's fault."""
    return isinstance(error, OperationalError) or (isinstance(error, PodmillError) and error.retryable)


def _wait_s(book: Journal, tries: int, error: Exception) -> float:
    """Exponential back-off with full jitter, never sooner than the other side asked."""
    settings = book.settings
    longest = min(settings.retry_cap_s, settings.retry_base_s * 2 ** (tries - 1))
    asked = getattr(error, "retry_after_s", None) or 0.0
    return max(float(asked), random.uniform(0, longest))  # noqa: S311 - jitter, not a secret
