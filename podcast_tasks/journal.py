"""The journal: a step run is claimed, leased and recorded here, and nowhere else.

    due --claim--> running --record--> done          the next step becomes due in the same transaction
                   running --park--> parked --(not_before passed) claim--> running
                   running --(lease expired) claim--> running, by another worker
                   running --fail--> failed           the episode is failed, or in review

Whoever holds the lease's token may write; a token that changed means that another worker owns the step now.
"""

import errno
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine, and_, case, exists, or_, select, update
from sqlalchemy.exc import OperationalError

from models.documents import Document
from models.publication import Publication
from models.steps import OPEN_STATES, STEPS, EpisodeState, Step, StepState, following
from models.tables import Episode, Event, PublicationRow, StepDocument, StepRun, table
from podmill.errors import DiskFullError, LeaseLostError, PodmillError
from podmill.money import ledger
from podmill.settings import Settings
from podmill.store.clock import now
from podmill.store.database import insert_into, reading, transaction

EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)
DOCUMENT, PUBLICATION = table(StepDocument), table(PublicationRow)
AnyDocument = TypeVar("AnyDocument", bound=Document)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one step, for as long as its lease is renewed."""

    episode_id: str
    step: Step
    token: str
    round: int
    attempt: int
    """1 for the first claim of this round."""
    lost_leases: int
    """Workers that died holding this step before."""


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
        token = uuid4().hex
        waiting = and_(
            STEP_RUN.c.state.in_((StepState.DUE, StepState.PARKED)),
            or_(STEP_RUN.c.not_before.is_(None), STEP_RUN.c.not_before <= now()),
        )
        silent = and_(STEP_RUN.c.state == StepState.RUNNING, STEP_RUN.c.lease_expires_at < now())
        its_turn = exists().where(EPISODE.c.id == episode_id, EPISODE.c.step == step, EPISODE.c.state.in_(OPEN_STATES))
        with transaction(self.engine) as connection:
            row = connection.execute(
                update(STEP_RUN)
                .where(_is(episode_id, step), or_(waiting, silent), its_turn)
                .values(
                    state=StepState.RUNNING,
                    lease_token=token,
                    lease_expires_at=now() + self.settings.lease_s,
                    worker=worker,
                    attempt=STEP_RUN.c.attempt + 1,
                    lost_leases=STEP_RUN.c.lost_leases + case((silent, 1), else_=0),
                    not_before=None,
                    started_at=now(),
                )
                .returning(STEP_RUN.c.round, STEP_RUN.c.attempt, STEP_RUN.c.lost_leases)
            ).first()
            if row is None:
                return self._refusal(connection, episode_id, step)
            self._move(connection, episode_id, state=EpisodeState.RUNNING, progress=0.0, activity="")
            self._note(connection, episode_id, "step_started", step=step, attempt=row.attempt, worker=worker)
        return Claim(episode_id, step, token, row.round, row.attempt, row.lost_leases)

    def _refusal(self, connection: Connection, episode_id: str, step: Step) -> Refusal:
        at = connection.scalar(select(EPISODE.c.step).where(EPISODE.c.id == episode_id))
        passed = at is not None and STEPS.index(Step(at)) > STEPS.index(step)
        return Refusal.DONE if passed else Refusal.NOT_NOW

    def renew(self, claim: Claim) -> None:
        """Keep the lease.

        Raises:
            LeaseLostError: another worker took the step, or the episode was cancelled.
        """
        with transaction(self.engine) as connection:
            self._own(connection, claim, lease_expires_at=now() + self.settings.lease_s)

    def show_progress(self, claim: Claim, fraction: float, activity: str) -> None:
        """Write down how far a step is, for people. Also keeps the lease."""
        with transaction(self.engine) as connection:
            self._own(connection, claim, lease_expires_at=now() + self.settings.lease_s)
            self._move(connection, claim.episode_id, progress=min(max(fraction, 0.0), 1.0), activity=activity[:200])

    def document(self, episode_id: str, step: Step, kind: type[AnyDocument]) -> AnyDocument | None:
        """What a step made, or None when it has not."""
        with reading(self.engine) as connection:
            body = connection.scalar(
                select(DOCUMENT.c.body).where(DOCUMENT.c.episode_id == episode_id, DOCUMENT.c.step == step)
            )
        return None if body is None else kind.model_validate_json(body)

    def record(
        self,
        claim: Claim,
        document: Document,
        *,
        scores: dict[str, Any] | None = None,
        publications: tuple[Publication, ...] = (),
    ) -> None:
        """One transaction: the document, the scores, this step done, the next one due.

        Raises:
            LeaseLostError: nothing is written.
        """
        successor = following(claim.step)
        with transaction(self.engine) as connection:
            self._finish(connection, claim, StepState.DONE)
            self._keep(connection, claim, document)
            for publication in publications:
                self._publish(connection, claim.episode_id, publication)
            if successor is None:
                ledger.release(connection, claim.episode_id)
                self._move(
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
                self._make_due(connection, claim.episode_id, successor, claim.round)
                self._move(connection, claim.episode_id, step=successor, progress=0.0, activity="", **(scores or {}))
            self._note(connection, claim.episode_id, "step_done", step=claim.step, round=claim.round)

    def send_back(self, claim: Claim, document: Document, to: Step, *, scores: dict[str, Any]) -> None:
        """As ``record``, but an earlier step is due again, as the next round.

        Raises:
            LeaseLostError: nothing is written.
        """
        with transaction(self.engine) as connection:
            self._finish(connection, claim, StepState.DONE)
            self._keep(connection, claim, document)
            self._make_due(connection, claim.episode_id, to, claim.round + 1)
            self._move(connection, claim.episode_id, step=to, progress=0.0, activity="", **scores)
            self._note(connection, claim.episode_id, "sent_back", step=claim.step, to=to, round=claim.round + 1)

    def park(self, claim: Claim, wait_s: float, reason: str) -> None:
        """Give the step back until later; the reconciler wakes it.

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
                error=reason,
            )
            self._move(connection, claim.episode_id, state=EpisodeState.PARKED, activity=reason[:200])
            self._note(connection, claim.episode_id, "parked", step=claim.step, wait_s=wait_s, reason=reason)

    def fail(
        self, claim: Claim, code: str, reason: str, *, state: EpisodeState = EpisodeState.FAILED, **scores: Any
    ) -> None:
        """The step cannot go on: the episode is failed or waits for a person, with the reason.

        Raises:
            LeaseLostError: nothing is written.
        """
        document = scores.pop("document", None)
        with transaction(self.engine) as connection:
            self._finish(connection, claim, StepState.FAILED, error=reason)
            if document is not None:
                self._keep(connection, claim, document)
            if state is EpisodeState.FAILED:
                ledger.release(connection, claim.episode_id)
            self._move(connection, claim.episode_id, state=state, error=reason, error_code=code, activity="", **scores)
            self._note(connection, claim.episode_id, str(state), step=claim.step, code=code, reason=reason)

    def _finish(self, connection: Connection, claim: Claim, state: StepState, error: str | None = None) -> None:
        self._own(
            connection,
            claim,
            state=state,
            lease_token=None,
            lease_expires_at=None,
            finished_at=now(),
            busy_s=STEP_RUN.c.busy_s + (now() - STEP_RUN.c.started_at),
            error=error,
        )

    def _own(self, connection: Connection, claim: Claim, **values: Any) -> None:
        owned = connection.execute(
            update(STEP_RUN)
            .where(
                _is(claim.episode_id, claim.step),
                STEP_RUN.c.state == StepState.RUNNING,
                STEP_RUN.c.lease_token == claim.token,
            )
            .values(**values)
        )
        if owned.rowcount != 1:
            raise LeaseLostError(f"{claim.step} of {claim.episode_id} belongs to another worker now.")

    def _keep(self, connection: Connection, claim: Claim, document: Document) -> None:
        body = document.model_dump_json()
        row = {"episode_id": claim.episode_id, "step": claim.step, "body": body, "created_at": now()}
        statement = insert_into(connection, DOCUMENT).values(row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["episode_id", "step"], set_={"body": body, "created_at": now()}
            )
        )

    def _publish(self, connection: Connection, episode_id: str, publication: Publication) -> None:
        row = {
            "episode_id": episode_id,
            "target": publication.target,
            "url": publication.url,
            "body": publication.model_dump_json(),
            "created_at": now(),
        }
        statement = insert_into(connection, PUBLICATION).values(row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["episode_id", "target"], set_={"url": row["url"], "body": row["body"]}
            )
        )

    def _make_due(self, connection: Connection, episode_id: str, step: Step, round_: int) -> None:
        fresh = {
            "state": StepState.DUE,
            "round": round_,
            "attempt": 0,
            "lost_leases": 0,
            "lease_token": None,
            "lease_expires_at": None,
            "not_before": None,
            "due_at": now(),
            "error": None,
        }
        statement = insert_into(connection, STEP_RUN).values(episode_id=episode_id, step=step, busy_s=0.0, **fresh)
        connection.execute(statement.on_conflict_do_update(index_elements=["episode_id", "step"], set_=fresh))

    def _move(self, connection: Connection, episode_id: str, **values: Any) -> None:
        connection.execute(update(EPISODE).where(EPISODE.c.id == episode_id).values(updated_at=now(), **values))

    def _note(self, connection: Connection, episode_id: str, kind: str, **data: Any) -> None:
        connection.execute(EVENT.insert().values(episode_id=episode_id, at=now(), kind=kind, data=data))


def explain(error: BaseException) -> tuple[str, str]:
    """Code and reason of an error, for the database and for people."""
    if isinstance(error, PodmillError):
        return error.code, str(error)
    if isinstance(error, OperationalError):
        return "database", f"The database could not be used: {error.orig}. Check it, then run: podmill retry"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError.code, f"No space left for {error.filename or 'a file'}. Free some, then run: podmill retry"
    return "bug", f"Unexpected {type(error).__name__}: {error}. This is a bug in Podmill: please report it."


def _is(episode_id: str, step: Step) -> Any:
    return and_(STEP_RUN.c.episode_id == episode_id, STEP_RUN.c.step == step)
