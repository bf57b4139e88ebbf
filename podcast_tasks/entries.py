"""What the journal writes besides the lease: documents, publications, the next step run, the episode, its events."""

from typing import Any

from sqlalchemy import Connection, update

from models.documents import Document
from models.publication import Publication
from models.steps import Step, StepState
from models.tables import Episode, Event, PublicationRow, StepDocument, StepRun, table
from podmill.store.clock import now
from podmill.store.database import insert_into

EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)
DOCUMENT, PUBLICATION = table(StepDocument), table(PublicationRow)


def keep_document(connection: Connection, episode_id: str, step: Step, document: Document) -> None:
    """What a step made; that of an earlier round is overwritten."""
    body = document.model_dump_json()
    row = {"episode_id": episode_id, "step": step, "body": body, "created_at": now()}
    statement = insert_into(connection, DOCUMENT).values(row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["episode_id", "step"], set_={"body": body, "created_at": now()})
    )


def keep_publication(connection: Connection, episode_id: str, publication: Publication) -> None:
    """One target's copy of the episode."""
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


def make_due(connection: Connection, episode_id: str, step: Step, round_: int) -> None:
    """The next step run. It counts as sent: whoever records is about to send its message."""
    fresh = {
        "state": StepState.DUE,
        "round": round_,
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
    statement = insert_into(connection, STEP_RUN).values(episode_id=episode_id, step=step, busy_s=0.0, **fresh)
    connection.execute(statement.on_conflict_do_update(index_elements=["episode_id", "step"], set_=fresh))


def move(connection: Connection, episode_id: str, **values: Any) -> None:
    """Columns of the episode."""
    connection.execute(update(EPISODE).where(EPISODE.c.id == episode_id).values(updated_at=now(), **values))


def note(connection: Connection, episode_id: str, kind: str, **data: Any) -> None:
    """What happened, for the episode's history."""
    connection.execute(EVENT.insert().values(episode_id=episode_id, at=now(), kind=kind, data=data))
