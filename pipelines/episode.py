"""Making an episode, sending its chain, putting it back, stopping it."""

import logging
from typing import Any
from uuid import uuid4

from kombu.exceptions import OperationalError
from sqlalchemy import Connection, Row, select, update

from models.brief import Brief
from models.steps import OPEN_STATES, STEPS, EpisodeState, Step, StepState
from models.tables import Episode, Event, StepRun, table
from podcast_tasks import chain
from podmill.errors import ConfigurationError, InputError
from podmill.money import ledger
from podmill.settings import Settings
from podmill.store.clock import now
from podmill.store.database import insert_into, open_engine, transaction

log = logging.getLogger(__name__)
EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)


def make(
    connection: Connection,
    *,
    key: str,
    brief: Brief,
    title: str,
    account: str,
    batch_id: str | None = None,
    position: int = 0,
) -> tuple[str, bool]:
    """Write an episode down with its first step due.

    An episode whose key is known already is not made again; it moves to the batch it is now submitted in.

    Returns:
        Its id, and whether it is new.
    """
    episode_id = uuid4().hex
    row: dict[str, Any] = {
        "id": episode_id,
        "key": key,
        "show": brief.show,
        "account": account,
        "batch_id": batch_id,
        "position": position,
        "title": title,
        "brief": brief.model_dump(mode="json"),
        "state": EpisodeState.QUEUED,
        "step": STEPS[0],
        "progress": 0.0,
        "activity": "",
        "requests": 0,
        "created_at": now(),
        "updated_at": now(),
    }
    statement = insert_into(connection, EPISODE).values(row)
    moved = {"batch_id": batch_id, "position": position} if batch_id else {"key": key}
    known = connection.scalar(
        statement.on_conflict_do_update(index_elements=["key"], set_=moved).returning(EPISODE.c.id)
    )
    if known != episode_id:
        return str(known), False
    first: dict[str, Any] = {
        "episode_id": episode_id,
        "step": STEPS[0],
        "state": StepState.DUE,
        "round": 0,
        "attempt": 0,
        "lost_leases": 0,
        "due_at": now(),
        "busy_s": 0.0,
    }
    connection.execute(STEP_RUN.insert().values(first))
    connection.execute(EVENT.insert().values(episode_id=episode_id, at=now(), kind="made", data={"title": title}))
    return episode_id, True


def send(episodes: list[tuple[str, Step]]) -> bool:
    """Publish the chains of episodes that are in the database already.

    Returns:
        False when no broker can be reached: the reconciler sends them once a node runs.
    """
    try:
        for episode_id, step in episodes:
            chain.tail(episode_id, step).apply_async(retry=False)
    except ConfigurationError:
        log.info("no node is running: its reconciler sends the chains once it is")
        return False
    except OperationalError as exc:
        log.warning("the chains were not sent (%s); the reconciler of a running node will send them", exc)
        return False
    return True


def retry(episode_ids: list[str], settings: Settings) -> list[str]:
    """Put failed, reviewed and cancelled episodes back to the step they stopped at.

    Returns:
        The ids that were put back.

    Raises:
        InputError: an id is unknown.
    """
    engine = open_engine(settings)
    closed = (EpisodeState.FAILED, EpisodeState.REVIEW, EpisodeState.CANCELLED)
    sent = []
    with transaction(engine) as connection:
        for row in _found(connection, episode_ids):
            if row.state not in closed:
                continue
            # What verification refused is spoken again in another round; everything else goes on where it stopped.
            refused = row.step == Step.VERIFICATION
            step = Step.SYNTHESIS if refused else Step(row.step)
            again = {
                "state": StepState.DUE,
                "attempt": 0,
                "round": STEP_RUN.c.round + int(refused),
                "lost_leases": 0,
                "not_before": None,
                "error": None,
                "due_at": now(),
            }
            connection.execute(
                update(STEP_RUN).where(STEP_RUN.c.episode_id == row.id, STEP_RUN.c.step == step).values(**again)
            )
            opened = {"state": EpisodeState.QUEUED, "step": step, "error": None, "error_code": None}
            connection.execute(update(EPISODE).where(EPISODE.c.id == row.id).values(updated_at=now(), **opened))
            connection.execute(EVENT.insert().values(episode_id=row.id, at=now(), kind="retried", data={}))
            sent.append((row.id, step))
    send(sent)
    return [episode_id for episode_id, _ in sent]


def cancel(episode_ids: list[str], settings: Settings) -> list[str]:
    """Stop episodes that are not finished; a worker that runs one loses its lease and writes nothing more.

    Returns:
        The ids that were cancelled.

    Raises:
        InputError: an id is unknown.
    """
    engine = open_engine(settings)
    cancelled = []
    with transaction(engine) as connection:
        for row in _found(connection, episode_ids):
            if row.state not in (*OPEN_STATES, EpisodeState.REVIEW):
                continue
            connection.execute(
                update(STEP_RUN)
                .where(STEP_RUN.c.episode_id == row.id, STEP_RUN.c.state != StepState.DONE)
                .values(state=StepState.FAILED, lease_token=None, lease_expires_at=None, error="Cancelled.")
            )
            closed = {"state": EpisodeState.CANCELLED, "error": "Cancelled.", "error_code": "cancelled"}
            connection.execute(update(EPISODE).where(EPISODE.c.id == row.id).values(updated_at=now(), **closed))
            ledger.release(connection, row.id)
            connection.execute(EVENT.insert().values(episode_id=row.id, at=now(), kind="cancelled", data={}))
            cancelled.append(row.id)
    return cancelled


def _found(connection: Connection, episode_ids: list[str]) -> list[Row[str, EpisodeState, str]]:
    rows: list[Row[str, EpisodeState, str]] = []
    for asked in episode_ids:
        matches = connection.execute(
            select(EPISODE.c.id, EPISODE.c.state, EPISODE.c.step).where(EPISODE.c.id.startswith(asked, autoescape=True))
        ).all()
        if len(matches) != 1:
            problem = "No episode has the id" if not matches else "More than one episode has an id that begins with"
            raise InputError(f"{problem} {asked!r}.", action="Run: podmill status")
        rows.extend(matches)
    return rows
