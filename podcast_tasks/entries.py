"""What the journal writes besides the lease: documents, publications, the next step run, the episode, its events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ClauseElement, Connection

from models.documents import Document
from models.publication import Publication
from models.score import Score
from models.steps import Step
from podcast_tasks import statements
from podmill.review import asking
from podmill.settings import Settings


def keep_document(
    connection: Connection, episode_id: str, step: Step, document: Document, measures: Sequence[Score] = ()
) -> None:
    """What a step made, and what was measured of it; that of an earlier round is overwritten."""
    row = {"episode_id": episode_id, "step": step, "body": document.model_dump_json()}
    connection.execute(statements.keep_document(connection.dialect.name), row)
    keep_scores(connection, episode_id, measures)


def keep_scores(connection: Connection, episode_id: str, measures: Sequence[Score]) -> None:
    """What was measured; an earlier measure of the same name is overwritten."""
    for score in measures:
        row = {"episode_id": episode_id, **score.model_dump(mode="json")}
        connection.execute(statements.keep_score(connection.dialect.name), row)


def keep_publication(connection: Connection, episode_id: str, publication: Publication) -> None:
    """One target's copy of the episode."""
    row = {
        "episode_id": episode_id,
        "target": publication.target,
        "url": publication.url,
        "body": publication.model_dump_json(),
    }
    connection.execute(statements.keep_publication(connection.dialect.name), row)


def make_due(connection: Connection, episode_id: str, step: Step, round_: int) -> None:
    """The next step run."""
    row = {"episode_id": episode_id, "step": step, "round": round_}
    connection.execute(statements.make_due(connection.dialect.name), row)


def move(connection: Connection, episode_id: str, **values: Any) -> None:
    """Columns of the episode: values, or expressions such as ``now()``."""
    expressions = {name: value for name, value in values.items() if isinstance(value, ClauseElement)}
    new = {name: value for name, value in values.items() if name not in expressions}
    statement = statements.move(frozenset(new))
    if expressions:
        statement = statement.values(**expressions)
    connection.execute(statement, {"episode": episode_id, **{f"new_{name}": value for name, value in new.items()}})


def note(connection: Connection, episode_id: str, kind: str, **data: Any) -> None:
    """What happened, for the episode's history."""
    connection.execute(statements.NOTE, {"episode_id": episode_id, "kind": kind, "data": data})


def heard_first(connection: Connection, episode_id: str, show: str, settings: Settings) -> dict[str, Any]:
    """Whether a person is to hear an episode before it is published: columns of one that waits for that."""
    waits = asking.finished(connection, episode_id, show, settings)
    if waits:
        note(connection, episode_id, waits["state"], step=Step.LOUDNESS, code=waits["error_code"])
    return waits
