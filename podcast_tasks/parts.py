"""The parts of a synthesis step: one row for each take, so that a restart begins at the first one missing."""

from sqlalchemy import Engine, and_, case, func, select, update

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
        """Write the plan down: key and characters of every take, in order.

        Planning again keeps what was requested: a request for a take that stood in a place before counts as replaced.
        """
        rows = [
            {
                "episode_id": self.episode_id,
                "round": self.round,
                "index": index,
                "state": StepState.DUE,
                "take_key": key,
                "characters": characters,
                "requested": False,
                "replaced": 0,
            }
            for index, (key, characters) in enumerate(takes)
        ]
        with transaction(self.engine) as connection:
            statement = insert_into(connection, PART)
            other = PART.c.take_key != statement.excluded.take_key
            planned = {
                "take_key": statement.excluded.take_key,
                "characters": statement.excluded.characters,
                "state": case((other, StepState.DUE), else_=PART.c.state),
                "finished_at": case((other, None), else_=PART.c.finished_at),
                "requested": case((other, False), else_=PART.c.requested),
                "replaced": PART.c.replaced + case((and_(other, PART.c.requested), 1), else_=0),
            }
            connection.execute(
                statement.on_conflict_do_update(index_elements=["episode_id", "round", "index"], set_=planned), rows
            )

    @through_outages
    def done(self, index: int, *, requested: bool) -> None:
        """The take of a part is in the cache; ``requested`` when an engine made it just now."""
        with transaction(self.engine) as connection:
            connection.execute(
                update(PART)
                .where(PART.c.episode_id == self.episode_id, PART.c.round == self.round, PART.c.index == index)
                .values(
                    state=StepState.DONE,
                    requested=PART.c.requested | requested,
                    # When it was done first: a worker that takes over finds it done.
                    finished_at=func.coalesce(PART.c.finished_at, now()),
                )
            )

    @through_outages
    def requests(self) -> int:
        """Requests really made for this episode: all rounds, and all plans that were given up."""
        with reading(self.engine) as connection:
            made = func.sum(PART.c.replaced + case((PART.c.requested, 1), else_=0))
            statement = select(made).where(PART.c.episode_id == self.episode_id)
            return int(connection.scalar(statement) or 0)
