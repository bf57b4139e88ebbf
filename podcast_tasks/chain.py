"""The chain of an episode, or what is left of it."""

from celery import chain as celery_chain
from celery.canvas import Signature

from models.steps import STEPS, Step
from podcast_tasks.app import app
from podcast_tasks.queues import task_of


def tail(episode_id: str, step: Step) -> Signature:
    """The chain from a step to the end. Messages carry the episode's id and nothing else."""
    rest = STEPS[STEPS.index(step) :]
    return celery_chain(*(app.signature(task_of(each), args=(episode_id,), immutable=True) for each in rest))
