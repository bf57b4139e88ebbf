"""The journal's statements that every step needs, built once: SQLAlchemy takes longer to build one than to run it."""

from functools import cache
from typing import Any, Final

from sqlalchemy import and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.heard import ScoreRow
from models.steps import OPEN_STATES, EpisodeState, StepState
from models.tables import Episode, Event, PublicationRow, StepDocument, StepRun, table
from podmill.store.clock import now

EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)
DOCUMENT, PUBLICATION, SCORE = table(StepDocument), table(PublicationRow), table(ScoreRow)

THIS: Final = and_(STEP_RUN.c.episode_id == bindparam("episode"), STEP_RUN.c.step == bindparam("at"))
"""The step run of ``episode`` at the step ``at``."""
MINE: Final = and_(STEP_RUN.c.state == StepState.RUNNING, STEP_RUN.c.lease_token == bindparam("token"))
"""It runs under the lease ``token``."""


def _claim() -> Any:
    waiting = and_(
        STEP_RUN.c.state.in_((StepState.DUE, StepState.PARKED)),
        or_(STEP_RUN.c.not_before.is_(None), STEP_RUN.c.not_before <= now()),
    )
    silent = and_(STEP_RUN.c.state == StepState.RUNNING, STEP_RUN.c.lease_expires_at < now())
    its_turn = exists().where(
        EPISODE.c.id == bindparam("episode"), EPISODE.c.step == bindparam("at"), EPISODE.c.state.in_(OPEN_STATES)
    )
    return (
        update(STEP_RUN)
        # MINE: this is a repetition, and the connection broke after the first one was committed.
        .where(THIS, or_(waiting, silent, MINE), its_turn)
        .values(
            state=StepState.RUNNING,
            lease_token=bindparam("token"),
            lease_expires_at=now() + bindparam("for_s"),
            worker=bindparam("by"),
            attempt=STEP_RUN.c.attempt + case((MINE, 0), else_=1),
            lost_leases=STEP_RUN.c.lost_leases + case((MINE, 0), (silent, 1), else_=0),
            not_before=None,
            started_at=now(),
        )
        .returning(STEP_RUN.c.round, STEP_RUN.c.attempt, STEP_RUN.c.failures, STEP_RUN.c.lost_leases)
    )


CLAIM: Final = _claim()
"""Takes ``episode``, ``at``, ``token``, ``for_s``, ``by``; returns nothing when the step is not to be had."""

BEGIN: Final = (
    update(EPISODE)
    .where(EPISODE.c.id == bindparam("episode"))
    .values(state=EpisodeState.RUNNING, progress=0.0, activity="", updated_at=now())
    .returning(EPISODE.c.brief, EPISODE.c.account, EPISODE.c.batch_id, EPISODE.c.interactive, EPISODE.c.synthesis_queue)
)
"""Takes ``episode``."""

FINISH: Final = (
    update(STEP_RUN)
    .where(THIS, MINE)
    .values(
        state=bindparam("end"),
        lease_token=None,
        lease_expires_at=None,
        finished_at=now(),
        busy_s=STEP_RUN.c.busy_s + (now() - STEP_RUN.c.started_at),
        cpu_s=func.coalesce(STEP_RUN.c.cpu_s, 0.0) + bindparam("cpu_s"),
        peak_mb=case((STEP_RUN.c.peak_mb > bindparam("peak_mb"), STEP_RUN.c.peak_mb), else_=bindparam("peak_mb")),
        error=bindparam("reason"),
    )
)
"""Takes ``episode``, ``at``, ``token``, ``end``, ``reason``, ``cpu_s``, ``peak_mb``."""

READ: Final = select(DOCUMENT.c.body).where(
    DOCUMENT.c.episode_id == bindparam("episode"), DOCUMENT.c.step == bindparam("at")
)
NOTE: Final = EVENT.insert().values(at=now())


@cache
def move(columns: frozenset[str]) -> Any:
    """Update of an episode; takes ``episode`` and ``new_COLUMN`` for each column."""
    new = {name: bindparam(f"new_{name}", type_=EPISODE.c[name].type) for name in columns}
    return update(EPISODE).where(EPISODE.c.id == bindparam("episode")).values(updated_at=now(), **new)


@cache
def keep_document(dialect: str) -> Any:
    statement = _insert(dialect, DOCUMENT).values(created_at=now())
    return statement.on_conflict_do_update(
        index_elements=["episode_id", "step"], set_={"body": statement.excluded.body, "created_at": now()}
    )


@cache
def keep_publication(dialect: str) -> Any:
    statement = _insert(dialect, PUBLICATION).values(created_at=now())
    return statement.on_conflict_do_update(
        index_elements=["episode_id", "target"],
        set_={"url": statement.excluded.url, "body": statement.excluded.body},
    )


@cache
def keep_score(dialect: str) -> Any:
    statement = _insert(dialect, SCORE).values(at=now())
    new = {name: statement.excluded[name] for name in ("value", "limit", "passed", "said", "lines")}
    return statement.on_conflict_do_update(index_elements=["episode_id", "name"], set_={**new, "at": now()})


@cache
def make_due(dialect: str) -> Any:
    """The next step run, as new. It counts as sent: whoever records is about to send its message."""
    fresh = {
        "state": StepState.DUE,
        "attempt": 0,
        "failures": 0,
        "lost_leases": 0,
        "lease_token": None,
        "lease_expires_at": None,
        "not_before": None,
        "due_at": now(),
        "sent_at": now(),
        "error": None,
    }
    statement = _insert(dialect, STEP_RUN).values(busy_s=0.0, **fresh)
    return statement.on_conflict_do_update(
        index_elements=["episode_id", "step"], set_={"round": statement.excluded.round, **fresh}
    )


def _insert(dialect: str, into: Any) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(into)
