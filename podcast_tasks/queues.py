"""Queues: which step goes where, and who goes first."""

from typing import Any, Final

from kombu import Queue

from models.steps import STEPS, Step

SYNTHESIS: Final = ("synthesis.gpu", "synthesis.api")
"""Of the synthesis step: local voices, and those of a provider."""
NAMES: Final = ("research", "scripting", *SYNTHESIS, "verification", "audio", "publishing", "upkeep")
QUEUES: Final = tuple(Queue(name, routing_key=name) for name in NAMES)

FIRST: Final = 0
"""Priority of interactive episodes and of upkeep, which states none. On Redis the lowest number goes first."""
LATER: Final = 6
"""Priority of batches."""
PRIORITIES: Final = (FIRST, LATER)
SEPARATOR: Final = "\x06\x16"
"""Between a queue's name and a priority. kombu's own default, stated because lengths are read by it."""

_OF_STEP: Final = {
    Step.RESEARCH: "research",
    Step.SCRIPTING: "scripting",
    Step.COST_CHECK: "scripting",
    Step.VERIFICATION: "verification",
    Step.LOUDNESS: "audio",
    Step.PUBLISHING: "publishing",
}


def task_of(step: Step) -> str:
    """Name of the Celery task of a step."""
    return f"podcast_tasks.{step}.{step}"


def queue_of(step: Step, synthesis_queue: str) -> str:
    """The queue of a step; that of synthesis depends on the episode's engine."""
    return synthesis_queue if step is Step.SYNTHESIS else _OF_STEP[step]


def priority_of(*, interactive: bool) -> int:
    """The priority of an episode's messages."""
    return FIRST if interactive else LATER


def list_of(queue: str, priority: int) -> str:
    """Key of the Redis list that holds a queue's messages of one priority."""
    return queue if priority == FIRST else f"{queue}{SEPARATOR}{priority}"


_ROUTES: Final = {task_of(step): queue_of(step, SYNTHESIS[0]) for step in STEPS}


def route(name: str, _args: Any, _kwargs: Any, _options: Any, task: Any = None, **_: Any) -> dict[str, str]:  # noqa: ARG001
    """Celery's router: steps by the table above, everything else is upkeep. A queue stated with a message wins."""
    return {"queue": _ROUTES.get(name, "upkeep")}
