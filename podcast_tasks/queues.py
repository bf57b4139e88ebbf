"""Queues, and which step goes where."""

from typing import Any, Final

from kombu import Queue

from models.steps import Step

NAMES: Final = (
    "research",
    "scripting",
    "synthesis.api",
    "synthesis.gpu",
    "verification",
    "audio",
    "publishing",
    "upkeep",
)
QUEUES: Final = tuple(Queue(name, routing_key=name) for name in NAMES)

_OF_STEP: Final = {
    Step.RESEARCH: "research",
    Step.SCRIPTING: "scripting",
    Step.COST_CHECK: "scripting",
    Step.SYNTHESIS: "synthesis.gpu",
    Step.VERIFICATION: "verification",
    Step.LOUDNESS: "audio",
    Step.PUBLISHING: "publishing",
}


def task_of(step: Step) -> str:
    """Name of the Celery task of a step."""
    return f"podcast_tasks.{step}.{step}"


def queue_of(step: Step) -> str:
    """The queue of a step. Local voices speak on ``synthesis.gpu``."""
    return _OF_STEP[step]


_ROUTES: Final = {task_of(step): queue for step, queue in _OF_STEP.items()}


def route(name: str, _args: Any, _kwargs: Any, _options: Any, task: Any = None, **_: Any) -> dict[str, str]:  # noqa: ARG001
    """Celery's router: steps by the table above, everything else is upkeep."""
    return {"queue": _ROUTES.get(name, "upkeep")}
