"""The fence around money: only the worker that holds a step's lease may promise to spend."""

from dataclasses import dataclass

from sqlalchemy import Connection, update

from models.steps import StepState
from models.tables import StepRun, table
from podmill.errors import LeaseLostError
from podmill.store.clock import now

STEP_RUN = table(StepRun)


@dataclass(frozen=True, slots=True)
class Fence:
    """The lease under which a step spends."""

    episode_id: str
    step: str
    token: str
    lease_s: float

    def hold(self, connection: Connection) -> None:
        """Check the lease and renew it, within a transaction that is open.

        Nobody takes the step over before the transaction ends, nor for ``lease_s`` after it.

        Raises:
            LeaseLostError: another worker owns the step now, or it was cancelled.
        """
        held = connection.execute(
            update(STEP_RUN)
            .where(
                STEP_RUN.c.episode_id == self.episode_id,
                STEP_RUN.c.step == self.step,
                STEP_RUN.c.state == StepState.RUNNING,
                STEP_RUN.c.lease_token == self.token,
            )
            .values(lease_expires_at=now() + self.lease_s)
        )
        if held.rowcount != 1:
            raise LeaseLostError(f"{self.step} of {self.episode_id} belongs to another worker now: nothing is spent.")
