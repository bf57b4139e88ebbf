"""What an error means for a step: whether it is tried again, after how long, and how it is explained to a person."""

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import OperationalError

from models.steps import EpisodeState
from podmill.errors import BudgetExceededError, DiskFullError, HeldError, PodmillError, TransientError, WaitError
from podmill.settings import Settings
from podmill.store.outage import is_outage

GPU_QUEUE: Final = "synthesis.gpu"
WAIT_SPREAD: Final = 0.1
"""Share by which a wait is stretched at random, so that those who wait for the same thing do not all come at once."""

PAUSE_S: Final = 10 * 365 * 86_400.0
"""Wait for a budget that no period renews: whoever fits by then is woken before (``podmill.money.pauses``)."""

WAIT_MIN_S: Final = 0.1
"""Shortest wait for a limit, whatever the other side said: what waits must never spin."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try again, after a wait."""

    wait_s: float
    counts: bool
    """Whether this was a failed try; waiting for a limit, a provider or room is none."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Trying again will not help, or was tried often enough."""

    state: EpisodeState = EpisodeState.FAILED


def decide(
    error: BaseException,
    failures: int,
    queue: str,
    settings: Settings,
    *,
    jitter: Callable[[], float] = random.random,
) -> Again | GiveUp:
    """The retry policy, all of it.

    Args:
        error: what stopped the step.
        failures: tries of this round that failed before.
        queue: where the step runs; local speech (``synthesis.gpu``) is tried again less often and later.
        settings: retries, base and cap in seconds.
        jitter: 0 to 1, at random.
    """
    if _is_full_disk(error):
        error = DiskFullError(str(error))
    if isinstance(error, WaitError):
        asked_s = settings.disk_wait_s if isinstance(error, DiskFullError) else error.retry_after_s or 0.0
        return Again(max(asked_s, WAIT_MIN_S) * (1 + WAIT_SPREAD * jitter()), counts=False)
    if isinstance(error, BudgetExceededError):
        return Again(error.retry_after_s or PAUSE_S, counts=False)
    if isinstance(error, HeldError):
        return GiveUp(EpisodeState.REVIEW)
    if not _may_pass(error):
        return GiveUp()
    asked_s = getattr(error, "retry_after_s", None) or 0.0
    if queue == GPU_QUEUE:
        return Again(max(asked_s, settings.gpu_retry_s), counts=True) if failures < settings.gpu_retries else GiveUp()
    if failures >= settings.retries:
        return GiveUp()
    longest_s = min(settings.retry_cap_s, settings.retry_base_s * 2.0 ** min(failures, 64))
    return Again(max(asked_s, longest_s * jitter()), counts=True)


def explain(error: BaseException) -> tuple[str, str]:
    """Code and reason of an error, for the database and for people."""
    if isinstance(error, PodmillError):
        return error.code, str(error)
    if _is_database(error):
        said = getattr(error, "orig", None) or error
        return "database", f"The database could not be used: {said}. Check it, then run: podmill retry"
    if _is_full_disk(error):
        return DiskFullError.code, f"No space left for {getattr(error, 'filename', None) or 'a file'}. Free some."
    return "bug", f"Unexpected {type(error).__name__}: {error}. This is a bug in Podmill: please report it."


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, TransientError) or _is_database(error)


def _is_database(error: BaseException) -> bool:
    return isinstance(error, OperationalError) or is_outage(error)


def _is_full_disk(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
