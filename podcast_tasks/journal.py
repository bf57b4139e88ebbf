"""The journal: a step run is claimed, leased and recorded here, and nowhere else.

    due --claim--> running --record--> done          the next step becomes due in the same transaction
                   running --again--> running        another try by the same worker, under the same lease
                   running --park--> parked --(not_before passed) claim--> running
                   running --hand_back--> due        the worker is stopping
                   running --(lease expired) claim--> running, by another worker
                   running --fail--> failed           the episode is failed, or in review

Whoever holds the lease's token may write; a token that changed means that another worker owns the step now. All times
are those of the database's clock. Every method is one transaction and is repeated while the database is away: when a
connection broke during a commit, a claim knows its own token again, and any other write that was done after all finds
its token gone, as if another worker had taken the step.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, CursorResult, Engine, and_, or_, select, update

from models.documents import Document
from models.master import Master
from models.publication import Publication
from models.score import Score
from models.steps import STEPS, EpisodeState, Step, StepState, following
from models.tables import Episode, StepRun, table
from podcast_tasks import entries, statements
from podcast_tasks.usage import Usage
from podmill.errors import LeaseLostError
from podmill.money import ledger
from podmill.review import asking
from podmill.settings import Settings
from podmill.store.clock import now
from podmill.store.database import reading, transaction
from podmill.store.outage import through_outages

EPISODE, STEP_RUN = table(Episode), table(StepRun)
AnyDocument = TypeVar("AnyDocument", bound=Document)

REASON_MAX: Final = 600
"""Characters that are shown of why an episode waits: what is missing, until when, and what can be done."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one step, for as long as its lease is renewed."""

    episode_id: str
    step: Step
    token: str
    round: int
    attempt: int
    """1 for the first try of this round."""
    failures: int
    """Tries of this round that failed."""
    lost_leases: int
    """Workers that died holding this step before."""
    brief: dict[str, Any]
    """What was asked, as it is in the database."""
    account: str
    batch_id: str | None
    interactive: bool
    """A person waits for it."""
    synthesis_queue: str
    """Where the episode's synthesis runs."""
    usage: Usage = field(default_factory=Usage, compare=False)


class Refusal(StrEnum):
    """Why a step was not claimed."""

    DONE = "done"
    """It is recorded and the episode has moved on: the chain may walk on."""
    NOT_NOW = "not now"
    """Another worker holds it, it is parked, or the episode is closed."""


class Journal:
    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings

    def claim(self, episode_id: str, step: Step, worker: str) -> Claim | Refusal:
        """Take a step that is due, or whose worker went silent. Atomic: of any number of callers one succeeds."""
        return self._claim(episode_id, step, worker, uuid4().hex)

    @through_outages
    def _claim(self, episode_id: str, step: Step, worker: str, token: str) -> Claim | Refusal:
        asked = {"episode": episode_id, "at": step, "token": token, "for_s": self.settings.lease_s, "by": worker}
        with transaction(self.engine) as connection:
            run = connection.execute(statements.CLAIM, asked).first()
            if run is None:
                return self._refusal(connection, episode_id, step)
            episode = connection.execute(statements.BEGIN, {"episode": episode_id}).one()
            entries.note(connection, episode_id, "step_started", step=step, attempt=run.attempt, worker=worker)
        return Claim(episode_id, step, token, *run, *episode)

    def _refusal(self, connection: Connection, episode_id: str, step: Step) -> Refusal:
        at = connection.scalar(select(EPISODE.c.step).where(EPISODE.c.id == episode_id))
        passed = at is not None and STEPS.index(Step(at)) > STEPS.index(step)
        return Refusal.DONE if passed else Refusal.NOT_NOW

    def renew(self, claims: Collection[Claim]) -> set[str]:
        """Keep leases, in one statement; not repeated through outages, as renewing is repeated anyway.

        Returns:
            The tokens that are still good. The others were taken over, cancelled, or have done their work.
        """
        each = (and_(_is(claim.episode_id, claim.step), STEP_RUN.c.lease_token == claim.token) for claim in claims)
        with transaction(self.engine) as connection:
            renewed = update(STEP_RUN).where(STEP_RUN.c.state == StepState.RUNNING, or_(*each))
            renewed = renewed.values(lease_expires_at=now() + self.settings.lease_s)
            return set(connection.scalars(renewed.returning(STEP_RUN.c.lease_token)))

    def show_progress(self, claim: Claim, fraction: float, activity: str) -> None:
        """Write down how far a step is, for people. Also keeps the lease. Not repeated through outages.

        Raises:
            LeaseLostError: another worker took the step, or the episode was cancelled.
        """
        with transaction(self.engine) as connection:
            self._own(connection, claim, lease_expires_at=now() + self.settings.lease_s)
            entries.move(connection, claim.episode_id, progress=min(max(fraction, 0.0), 1.0), activity=activity[:200])

    @through_outages
    def document(self, episode_id: str, step: Step, kind: type[AnyDocument]) -> AnyDocument | None:
        """What a step made, or None when it has not."""
        with reading(self.engine) as connection:
            body = connection.scalar(statements.READ, {"episode": episode_id, "at": step})
        return None if body is None else kind.model_validate_json(body)

    @through_outages
    def record(
        self,
        claim: Claim,
        document: Document,
        *,
        scores: dict[str, Any] | None = None,
        measures: Sequence[Score] = (),
        publications: tuple[Publication, ...] = (),
    ) -> None:
        """One transaction: the document, the scores, this step done, the next one due.

        Raises:
            LeaseLostError: nothing is written.
        """
        successor = following(claim.step)
        with transaction(self.engine) as connection:
            self._finish(connection, claim, StepState.DONE)
            entries.keep_document(connection, claim.episode_id, claim.step, document, measures)
            for publication in publications:
                entries.keep_publication(connection, claim.episode_id, publication)
            if successor is None:
                ledger.release(connection, claim.episode_id)
                entries.move(
                    connection,
                    claim.episode_id,
                    state=EpisodeState.PUBLISHED,
                    published_at=now(),
                    progress=1.0,
                    activity="",
                    error=None,
                    error_code=None,
                    **(scores or {}),
                )
            else:
                entries.make_due(connection, claim.episode_id, successor, claim.round)
                moved = {"step": successor, "progress": 0.0, "activity": "", **(scores or {})}
                if isinstance(document, Master):
                    moved |= entries.heard_first(connection, claim.episode_id, claim.brief["show"], self.settings)
                entries.move(connection, claim.episode_id, **moved)
            entries.note(connection, claim.episode_id, "step_done", step=claim.step, round=claim.round)

    @through_outages
    def send_back(
        self, claim: Claim, document: Document, to: Step, *, scores: dict[str, Any], measures: Sequence[Score] = ()
    ) -> None:
        """As ``record``, but an earlier step is due again, as the next round.

        Raises:
            LeaseLostError: nothing is written.
        """
        with transaction(self.engine) as connection:
            self._finish(connection, claim, StepState.DONE)
            entries.keep_document(connection, claim.episode_id, claim.step, document, measures)
            entries.make_due(connection, claim.episode_id, to, claim.round + 1)
            entries.move(connection, claim.episode_id, step=to, progress=0.0, activity="", **scores)
            entries.note(connection, claim.episode_id, "sent_back", step=claim.step, to=to, round=claim.round + 1)

    @through_outages
    def again(self, claim: Claim, reason: str, *, counts: bool) -> Claim:
        """Another try by the same worker under the same lease: written down before it waits.

        Args:
            claim: the right to run the step.
            reason: what stopped the try, for a person.
            counts: whether that was a failure.

        Returns:
            The claim of the next try.

        Raises:
            LeaseLostError: nothing is written.
        """
        after = replace(claim, attempt=claim.attempt + 1, failures=claim.failures + counts)
        with transaction(self.engine) as connection:
            # Set, not added to: the second write of an ambiguous commit must be the same as the first.
            self._own(
                connection,
                claim,
                lease_expires_at=now() + self.settings.lease_s,
                attempt=after.attempt,
                failures=after.failures,
                error=reason,
            )
            entries.move(connection, claim.episode_id, activity=reason[:200])
            if counts:
                entries.note(connection, claim.episode_id, "tried_again", step=claim.step, reason=reason)
        return after

    @through_outages
    def park(
        self, claim: Claim, wait_s: float, reason: str, *, counts: bool = False, code: str | None = None, **told: Any
    ) -> None:
        """Give the step back until later; the reconciler wakes it.

        Args:
            counts: the try failed.
            told: more of the event.

        Raises:
            LeaseLostError: nothing is written.
        """
        with transaction(self.engine) as connection:
            self._own(
                connection,
                claim,
                state=StepState.PARKED,
                lease_token=None,
                lease_expires_at=None,
                not_before=now() + wait_s,
                failures=claim.failures + counts,
                error=reason,
            )
            entries.move(
                connection, claim.episode_id, state=EpisodeState.PARKED, activity=reason[:REASON_MAX], error_code=code
            )
            entries.note(connection, claim.episode_id, "parked", step=claim.step, wait_s=wait_s, reason=reason, **told)

    @through_outages
    def note(self, claim: Claim, kind: str, *, anew: bool = False, queue: str | None = None, **data: Any) -> Claim:
        """Write down what happened within a step that goes on.

        Args:
            anew: what comes next has all its tries: failures so far do not count.
            queue: where the episode is synthesized from now on.
            data: of the event.

        Returns:
            The claim under which it goes on.

        Raises:
            LeaseLostError: nothing is written.
        """
        after = replace(claim, failures=0 if anew else claim.failures, synthesis_queue=queue or claim.synthesis_queue)
        with transaction(self.engine) as connection:
            self._own(connection, claim, lease_expires_at=now() + self.settings.lease_s, failures=after.failures)
            if queue:
                entries.move(connection, claim.episode_id, synthesis_queue=queue)
            entries.note(connection, claim.episode_id, kind, step=claim.step, round=claim.round, **data)
        return after

    def hand_back(self, claim: Claim) -> bool:
        """The worker is stopping: the step is due again at once. No failed try and no dead worker is counted."""
        return bool(self._hand_back(STEP_RUN.c.lease_token == claim.token, _is(claim.episode_id, claim.step)))

    def hand_back_all(self, worker: str) -> int:
        """As ``hand_back``, for every step that a worker, or a child of its, still holds; returns how many."""
        children = STEP_RUN.c.worker.startswith(f"{worker}/", autoescape=True)
        return self._hand_back(or_(STEP_RUN.c.worker == worker, children))

    @through_outages
    def _hand_back(self, *which: Any) -> int:
        with transaction(self.engine) as connection:
            rows = connection.execute(
                update(STEP_RUN)
                .where(STEP_RUN.c.state == StepState.RUNNING, *which)
                .values(state=StepState.DUE, lease_token=None, lease_expires_at=None, due_at=now())
                .returning(STEP_RUN.c.episode_id, STEP_RUN.c.step)
            ).all()
            for row in rows:
                entries.move(connection, row.episode_id, progress=0.0, activity="")
                entries.note(connection, row.episode_id, "handed_back", step=row.step)
        return len(rows)

    @through_outages
    def fail(
        self,
        claim: Claim,
        code: str,
        reason: str,
        *,
        state: EpisodeState = EpisodeState.FAILED,
        measures: Sequence[Score] = (),
        lines: Collection[int] = (),
        **scores: Any,
    ) -> None:
        """The step cannot go on: the episode is failed or waits for a person, with the reason.

        Args:
            lines: those that the reason is about, from 0.

        Raises:
            LeaseLostError: nothing is written.
        """
        document = scores.pop("document", None)
        with transaction(self.engine) as connection:
            self._finish(connection, claim, StepState.FAILED, error=reason)
            if document is not None:
                entries.keep_document(connection, claim.episode_id, claim.step, document, measures)
            if state is EpisodeState.FAILED:
                ledger.release(connection, claim.episode_id)
            elif state is EpisodeState.REVIEW:
                asking.stopped(connection, claim.episode_id, reason, document, measures, lines)
            entries.move(
                connection, claim.episode_id, state=state, error=reason, error_code=code, activity="", **scores
            )
            entries.note(connection, claim.episode_id, str(state), step=claim.step, code=code, reason=reason)

    def _finish(self, connection: Connection, claim: Claim, state: StepState, error: str | None = None) -> None:
        which = {"episode": claim.episode_id, "at": claim.step, "token": claim.token, **claim.usage.so_far()}
        self._check(claim, connection.execute(statements.FINISH, {**which, "end": state, "reason": error}))

    def _own(self, connection: Connection, claim: Claim, **values: Any) -> None:
        which = {"episode": claim.episode_id, "at": claim.step, "token": claim.token}
        owned = update(STEP_RUN).where(statements.THIS, statements.MINE).values(**values)
        self._check(claim, connection.execute(owned, which))

    def _check(self, claim: Claim, owned: CursorResult[Any]) -> None:
        if owned.rowcount != 1:
            raise LeaseLostError(f"{claim.step} of {claim.episode_id} belongs to another worker now.")


def _is(episode_id: str, step: Step) -> Any:
    return and_(STEP_RUN.c.episode_id == episode_id, STEP_RUN.c.step == step)
