"""How voices were heard, in the database."""

import base64
from array import array
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from sqlalchemy import Connection, Engine, delete, select

from models.heard import VoicePrint
from models.tables import Episode, table
from podmill.store.clock import now
from podmill.store.database import insert_into, reading, transaction

PRINT, EPISODE = table(VoicePrint), table(Episode)
NUMBER: Final = "<f2"
"""Enough for a cosine to four places."""


class DatabaseVoices:
    """The book of one episode."""

    def __init__(self, engine: Engine, episode_id: str) -> None:
        self.engine = engine
        self.episode_id = episode_id

    def first(self, voice: str, model: str) -> Sequence[float] | None:
        others = (
            select(PRINT.c.embedding)
            .where(PRINT.c.voice == voice, PRINT.c.model == model, PRINT.c.episode_id != self.episode_id)
            .order_by(PRINT.c.at, PRINT.c.episode_id)
            .limit(1)
        )
        with reading(self.engine) as connection:
            text = connection.scalar(others)
        return None if text is None else _numbers(text)

    def keep(self, voice: str, model: str, embedding: Sequence[float]) -> None:
        text = base64.b64encode(np.asarray(embedding, NUMBER).tobytes()).decode()
        values = {"episode_id": self.episode_id, "voice": voice, "model": model, "embedding": text, "at": now()}
        with transaction(self.engine) as connection:
            statement = insert_into(connection, PRINT).values(values)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["episode_id", "voice"], set_={"model": model, "embedding": text}
                )
            )


def forget_episode(connection: Connection, episode_id: str) -> None:
    """Forget how voices were heard in an episode: it is nothing that others could be held against."""
    connection.execute(delete(PRINT).where(PRINT.c.episode_id == episode_id))


def forget(connection: Connection, voice: str) -> int:
    """Forget how a voice was heard: the next episode in it is its first. Returns in how many it was."""
    return connection.execute(delete(PRINT).where(PRINT.c.voice == voice)).rowcount


def heard(connection: Connection, batch_id: str) -> Iterator[tuple[str, str, str, Sequence[float]]]:
    """Voice, model, title of the episode and embedding of every voice in every episode of a batch, in its order."""
    rows = connection.execute(
        select(PRINT.c.voice, PRINT.c.model, EPISODE.c.title, PRINT.c.embedding)
        .join(EPISODE, EPISODE.c.id == PRINT.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id)
        .order_by(EPISODE.c.position, PRINT.c.voice)
    )
    for voice, model, title, text in rows:
        yield voice, model, title, _numbers(text)


def _numbers(text: str) -> Sequence[float]:
    return array("d", np.frombuffer(base64.b64decode(text), NUMBER).astype("<f8").tobytes())
