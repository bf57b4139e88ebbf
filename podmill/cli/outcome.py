"""The exit code of a command that makes episodes."""

from enum import IntEnum

from models.steps import OPEN_STATES
from podmill.report.status import BatchStatus


class Outcome(IntEnum):
    """What a script may rely on."""

    DONE = 0
    """All published; or, where nobody waits for the end, all taken."""
    INCOMPLETE = 1
    """Some failed, wait for a person or were cancelled, or rows of the file were refused."""
    NOTHING = 2
    """Bad input or configuration, and nothing was made."""
    PAUSED = 3
    """A budget does not cover some, and nothing else is under way: they go on when it is raised or its period turns."""


def of_finished(status: BatchStatus) -> Outcome:
    """Of a command that waited until nothing more would happen, or not now."""
    if any(episode.paused for episode in status.episodes):
        return Outcome.PAUSED
    complete = status.state == "published" and not status.refused
    return Outcome.DONE if complete else Outcome.INCOMPLETE


def of_submitted(status: BatchStatus) -> Outcome:
    """Of a command that handed the work over: what is still open is no failure."""
    stuck = any(episode.state not in (*OPEN_STATES, "published") for episode in status.episodes)
    return Outcome.INCOMPLETE if stuck or status.refused else Outcome.DONE
