"""A worker that has grown too large ends, and is started anew by whoever keeps it: the node, systemd, the container.

Celery replaces the children of a prefork pool when they grow (``celeryconfig.py``), but it cannot replace threads.
"""

import logging
import os
import signal
import threading
from functools import cache
from typing import Any, Final

import psutil
from celery.signals import worker_ready
from celery.worker import state

from podmill.settings import Settings, current

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
MEGABYTE: Final = 1_000_000


@worker_ready.connect
def _begin(**_: Any) -> None:
    _watcher()


@cache
def _watcher() -> threading.Thread:
    """One for each process: the signal comes again after every lost connection."""
    thread = threading.Thread(target=watch, args=(current(),), name="recycling", daemon=True)
    thread.start()
    return thread


def watch(settings: Settings) -> None:
    """Return never, or end this worker once it holds more memory than is set.

    It takes no more messages and finishes the steps it runs, however long they may take; then what still hangs is left
    to the stop that SIGTERM asks for.
    """
    process, pause = psutil.Process(), threading.Event()
    while (held_bytes := process.memory_info().rss) <= settings.worker_memory_mb * MEGABYTE:
        pause.wait(LOOK_EVERY_S)
    log.warning(
        "%d MB of memory are more than PODMILL_WORKER_MEMORY_MB (%d): this worker finishes its steps and ends",
        held_bytes // MEGABYTE,
        settings.worker_memory_mb,
    )
    state.should_stop = os.EX_OK  # type: ignore[assignment]  # the exit code; its type was taken from the default
    pause.wait(settings.step_time_limit_s)
    os.kill(os.getpid(), signal.SIGTERM)
