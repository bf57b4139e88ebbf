"""The chain of an episode, or what is left of it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from celery import chain as celery_chain
from celery.canvas import Signature
from kombu.exceptions import OperationalError

from models.steps import STEPS, Step
from podcast_tasks.app import app
from podcast_tasks.queues import SYNTHESIS, priority_of, queue_of, task_of
from podmill import faults
from podmill.errors import ConfigurationError

log = logging.getLogger(__name__)

_TASKS: Final = {step: task_of(step) for step in STEPS}


@dataclass(frozen=True, slots=True)
class Call:
    """An episode whose chain is to be sent, from a step on."""

    episode_id: str
    step: Step
    interactive: bool
    synthesis_queue: str


def tail(episode_id: str, step: Step, *, interactive: bool = False, synthesis_queue: str = SYNTHESIS[0]) -> Signature:
    """The chain from a step to the end. Messages carry the episode's id and nothing else.

    The priority is that of the first message; the others inherit it (``task_inherit_parent_priority``).
    """
    signatures = []
    for each in STEPS[STEPS.index(step) :]:
        signature = app.signature(_TASKS[each], args=(episode_id,), immutable=True)
        if each is Step.SYNTHESIS:
            signature.set(queue=queue_of(each, synthesis_queue))
        signatures.append(signature)
    made: Signature = celery_chain(*signatures).set(priority=priority_of(interactive=interactive))
    return made


def send(calls: Sequence[Call], *, point: str) -> int:
    """Publish chains whose steps are marked as sent in the database already.

    Args:
        point: fault point between two messages.

    Returns:
        How many were sent. The reconciler finds the others: they are marked as sent and have no message.
    """
    sent = 0
    try:
        for call in calls:
            signature = tail(
                call.episode_id, call.step, interactive=call.interactive, synthesis_queue=call.synthesis_queue
            )
            signature.apply_async(retry=False)
            sent += 1
            faults.hit(point)
    except ConfigurationError:
        log.info("no node is running: its reconciler sends the chains once it is")
    except OperationalError as exc:
        log.warning("%d chains were not sent (%s): the reconciler sends them", len(calls) - sent, exc)
    return sent
