"""The cache of takes."""

from sqlalchemy import Engine, delete, select, update

from models.tables import TakeRow, table
from models.take import Take
from podmill.context import ArtifactStore
from podmill.store.clock import now
from podmill.store.database import insert_into, transaction

TAKE = table(TakeRow)


class DatabaseTakes:
    """Takes in the ``take`` table, their audio in the store. A take whose audio was lost is forgotten."""

    def __init__(self, engine: Engine, store: ArtifactStore) -> None:
        self.engine = engine
        self.store = store

    def get(self, key: str) -> Take | None:
        with transaction(self.engine) as connection:
            body = connection.scalar(select(TAKE.c.body).where(TAKE.c.key == key))
            if body is None:
                return None
            take = Take.model_validate_json(body)
            if not self.store.has(take.audio):
                connection.execute(delete(TAKE).where(TAKE.c.key == key))
                return None
            connection.execute(update(TAKE).where(TAKE.c.key == key).values(used_at=now()))
            return take

    def put(self, take: Take) -> None:
        values = {
            "key": take.key,
            "engine": take.engine,
            "voice": take.voice,
            "sha256": take.audio.sha256,
            "suffix": take.audio.suffix,
            "size_bytes": take.audio.size_bytes,
            "media_type": take.audio.media_type,
            "duration_s": take.duration_s,
            "body": take.model_dump_json(),
            "created_at": now(),
            "used_at": now(),
        }
        with transaction(self.engine) as connection:
            connection.execute(insert_into(connection, TAKE).values(values).on_conflict_do_nothing())
