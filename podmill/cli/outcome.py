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


def of_finished(status: BatchStatus) -> Outcome:
    """Of a command that waited until nothing more would happen."""
    complete = status.state == "published" and not status.refused
    return Outcome.DONE if complete else Outcome.INCOMPLETE


def of_submitted(status: BatchStatus) -> Outcome:
    """Of a command that handed the work over: what is still open is no failure."""
    stuck = any(episode.state not in (*OPEN_STATES, "published") for episode in status.episodes)
    return Outcome.INCOMPLETE if stuck or status.refused else Outcome.DONE
