"""The parts of a synthesis step: one row for each take, so that a restart begins at the first one missing."""

from sqlalchemy import Engine, func, select, update

from models.steps import StepState
from models.tables import Part, table
from podmill.store.clock import now
from podmill.store.database import insert_into, reading, transaction
from podmill.store.outage import through_outages

PART = table(Part)


class Parts:
    """The parts of one round of one episode."""

    def __init__(self, engine: Engine, episode_id: str, round_: int) -> None:
        self.engine = engine
        self.episode_id = episode_id
        self.round = round_

    @through_outages
    def plan(self, takes: list[tuple[str, int]]) -> None:
        """Write the plan down: key and characters of every take, in order. Planning again keeps what was requested."""
        rows = [
            {
                "episode_id": self.episode_id,
                "round": self.round,
                "index": index,
                "state": StepState.DUE,
                "take_key": key,
                "characters": characters,
                "requested": False,
            }
            for index, (key, characters) in enumerate(takes)
        ]
        with transaction(self.engine) as connection:
            statement = insert_into(connection, PART)
            planned = {"take_key": statement.excluded.take_key, "characters": statement.excluded.characters}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["episode_id", "round", "index"], set_=planned), rows
            )

    @through_outages
    def first(self) -> str | None:
        """Key of the first take of the plan that was written down, if one was."""
        with reading(self.engine) as connection:
            statement = select(PART.c.take_key).where(
                PART.c.episode_id == self.episode_id, PART.c.round == self.round, PART.c.index == 0
            )
            return connection.scalar(statement)

    @through_outages
    def done(self, index: int, *, requested: bool) -> None:
        """The take of a part is in the cache; ``requested`` when an engine made it just now."""
        with transaction(self.engine) as connection:
            connection.execute(
                update(PART)
                .where(PART.c.episode_id == self.episode_id, PART.c.round == self.round, PART.c.index == index)
                .values(state=StepState.DONE, requested=PART.c.requested | requested, finished_at=now())
            )

    @through_outages
    def requests(self) -> int:
        """Requests really made for this episode, all rounds."""
        with reading(self.engine) as connection:
            statement = select(func.count()).where(PART.c.episode_id == self.episode_id, PART.c.requested)
            return int(connection.scalar(statement) or 0)
