"""The cache of takes."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine, delete, exists, or_, select, update

from models.review import ReviewRow
from models.steps import OPEN_STATES, EpisodeState
from models.tables import Episode, Part, TakeRow, table
from models.take import Take
from podmill.context import ArtifactStore
from podmill.store.clock import now
from podmill.store.database import insert_into, reading, transaction

TAKE, PART, EPISODE, REVIEW = table(TakeRow), table(Part), table(Episode), table(ReviewRow)

DAY_S = 86400.0
KEYS_AT_ONCE: Final = 500


class DatabaseTakes:
    """Takes in the ``take`` table, their audio in the store. A take whose audio was lost is forgotten."""

    def __init__(self, engine: Engine, store: ArtifactStore) -> None:
        self.engine = engine
        self.store = store

    def get(self, key: str) -> Take | None:
        with transaction(self.engine) as connection:
            # Marked as used before its audio is looked for: from then on the collector leaves it alone.
            body = connection.scalar(update(TAKE).where(TAKE.c.key == key).values(used_at=now()).returning(TAKE.c.body))
            if body is None:
                return None
            take = Take.model_validate_json(body)
            if not self.store.has(take.audio):
                connection.execute(delete(TAKE).where(TAKE.c.key == key))
                return None
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


def known(engine: Engine, keys: Sequence[str]) -> set[str]:
    """Those of some keys whose take is in the cache."""
    found: set[str] = set()
    with reading(engine) as connection:
        for begin in range(0, len(keys), KEYS_AT_ONCE):
            asked = keys[begin : begin + KEYS_AT_ONCE]
            found.update(connection.scalars(select(TAKE.c.key).where(TAKE.c.key.in_(asked))))
    return found


def forget_unused(engine: Engine, keep_days: float) -> int:
    """Forget takes that nobody used for so many days; how many. Their audio stays until it is collected.

    A take of an episode that may still go on is kept, however long that waits for a person; so is one of a published
    episode that somebody is to hear, and may have spoken again.
    """
    asked_about = exists().where(REVIEW.c.episode_id == EPISODE.c.id, REVIEW.c.state == "open")
    may_go_on = or_(EPISODE.c.state.in_((*OPEN_STATES, EpisodeState.REVIEW)), asked_about)
    wanted = select(PART.c.take_key).join(EPISODE, EPISODE.c.id == PART.c.episode_id).where(may_go_on)
    with transaction(engine) as connection:
        gone = connection.execute(
            delete(TAKE).where(TAKE.c.used_at < now() - keep_days * DAY_S, TAKE.c.key.not_in(wanted))
        )
    return gone.rowcount
