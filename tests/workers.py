"""A worker that runs one step of one episode and may be killed: a process forked from one that has imported it all."""

import contextlib
import signal
from collections.abc import Mapping
from typing import Final

from models.steps import Step
from tests.warm import Forked, settle

PATIENCE_S: Final = 120.0


def start(step: Step, episode_id: str, env: Mapping[str, str], *, dies_at: str = "") -> Forked:
    """A process that runs a step.

    Args:
        env: all of its environment; names the folder of fault points where it is to die at one.
    """
    return Forked(_work, step, episode_id, {**env, "PODMILL_FAULT_POINTS": dies_at})


def ended(process: Forked) -> int:
    """Its exit code: 0 when the step was recorded, parked or closed; minus the number of the signal that killed it.

    Raises:
        subprocess.TimeoutExpired: it had not ended, and is killed.
    """
    try:
        return process.wait(PATIENCE_S)
    finally:
        process.send_signal(signal.SIGKILL)


def _work(step: Step, episode_id: str, env: Mapping[str, str]) -> None:
    settle(env)
    from celery.exceptions import Ignore

    from podcast_tasks import cost_check, research, running, scripting, synthesis

    makers = {
        Step.RESEARCH: research.make,
        Step.SCRIPTING: scripting.make,
        Step.COST_CHECK: cost_check.make,
        Step.SYNTHESIS: synthesis.make,
    }
    with contextlib.suppress(Ignore):
        running.run_step(step, episode_id, makers[step])
