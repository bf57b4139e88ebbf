"""The seven steps and the states things can be in."""

from enum import StrEnum
from typing import Final


class Step(StrEnum):
    RESEARCH = "research"
    SCRIPTING = "scripting"
    COST_CHECK = "cost_check"
    SYNTHESIS = "synthesis"
    VERIFICATION = "verification"
    LOUDNESS = "loudness"
    PUBLISHING = "publishing"


STEPS: Final = tuple(Step)
"""In the order an episode takes them."""


def following(step: Step) -> Step | None:
    """The step after this one, or None after the last."""
    position = STEPS.index(step) + 1
    return STEPS[position] if position < len(STEPS) else None


class EpisodeState(StrEnum):
    QUEUED = "queued"
    """Made, no step has begun."""
    RUNNING = "running"
    PARKED = "parked"
    """Waiting on purpose until a time."""
    REVIEW = "review"
    """Waiting for a person."""
    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES: Final = (EpisodeState.QUEUED, EpisodeState.RUNNING, EpisodeState.PARKED)
"""States in which a worker may take the next step."""


class StepState(StrEnum):
    DUE = "due"
    RUNNING = "running"
    PARKED = "parked"
    DONE = "done"
    FAILED = "failed"


class ChargeState(StrEnum):
    INTENT = "intent"
    SETTLED = "settled"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
