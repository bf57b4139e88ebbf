"""This process as a worker: its name in the journal, whether it is stopping, and how it ends when its steps hang."""

import logging
import mmap
import os
import signal
import socket
from typing import Final

log = logging.getLogger(__name__)

_STOPPING: Final = mmap.mmap(-1, 1)
"""Made before a pool forks: its children see what the worker writes."""


class _Place:
    is_child = False
    threads: int | None = None


def became_child() -> None:
    """Celery's pool has forked this process: it runs one step at a time, and is replaced when it dies."""
    _Place.is_child = True


def is_child() -> bool:
    """Whether this process runs one step at a time."""
    return _Place.is_child


def has_threads(count: int) -> None:
    """Steps run in threads of this process, so many at once."""
    _Place.threads = count


def name() -> str:
    """``HOST:PID``; in a pool's child ``HOST:PID/CHILD``."""
    here = f"{os.getppid()}/{os.getpid()}" if _Place.is_child else str(os.getpid())
    return f"{socket.gethostname()}:{here}"


def begin_stopping() -> None:
    """From now on whatever waits in this worker and its children is handed back."""
    _STOPPING[0] = 1


def is_stopping() -> bool:
    return bool(_STOPPING[0])


def end_hanging(hanging: int) -> None:
    """So many steps hang that were stopped. A child kills itself at once; threads wait until all of them hang."""
    if _Place.is_child:
        os.kill(os.getpid(), signal.SIGKILL)
    if _Place.threads is not None and hanging >= _Place.threads:
        log.critical("all %d threads of %s hang: it ends, to be started again", _Place.threads, name())
        os._exit(1)
