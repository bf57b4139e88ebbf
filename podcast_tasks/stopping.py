"""Ending a worker: it drains for a while, then what it still holds is handed back, and it ends for certain.

Celery's warm shutdown waits for running tasks without a limit; its soft shutdown has one, but sleeps all of it while
anything runs, takes no result meanwhile, and cannot end a thread. So SIGTERM begins the warm shutdown, and this module
ends it when ``PODMILL_DRAIN_S`` has passed, whatever the pool.
"""

import atexit
import contextlib
import logging
import os
import signal
import threading
import time
from types import FrameType
from typing import Any, Final

from kombu.exceptions import MessageStateError

from podcast_tasks import worker
from podcast_tasks.running import journal
from podmill.settings import current

log = logging.getLogger(__name__)

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class Stop:
    """A signal handler before Celery's own: the worker is stopping, and its time to drain begins."""

    def __init__(self, then: Any, asked: threading.Event) -> None:
        self._then = then
        self._asked = asked

    def __call__(self, number: int, frame: FrameType | None) -> None:
        worker.begin_stopping()
        self._asked.set()
        self._then(number, frame)


def watch(consumer: Any) -> None:
    """Be there when the worker of this process is asked to stop. Called whenever its consumer is ready."""
    if threading.current_thread() is not threading.main_thread() or isinstance(signal.getsignal(signal.SIGTERM), Stop):
        return
    if "processes" not in consumer.pool.info:
        worker.has_threads(consumer.pool.limit)
    asked = threading.Event()
    drain = Drain(consumer, asked)
    for number in _SIGNALS:
        signal.signal(number, Stop(signal.getsignal(number), asked))
    # Started now: a signal handler that starts a thread may find the lock for that in its own hands.
    threading.Thread(target=drain.run, name="drain", daemon=True).start()
    atexit.register(drain.finish, os.getpid())


class Drain:
    """The end of one worker."""

    def __init__(self, consumer: Any, asked: threading.Event) -> None:
        self._consumer = consumer
        self._asked = asked
        self._ending = threading.Lock()

    def run(self) -> None:
        """Once asked, end the worker when its time is up; it mostly ends by itself before."""
        self._asked.wait()
        time.sleep(current().drain_s)
        with self._ending:
            log.warning("%s ends; what it still runs is handed back", worker.name())
            try:
                self._end_children()
                self._hand_back()
                self._requeue()
            finally:
                os._exit(0)

    def finish(self, pid: int) -> None:
        """The worker ended by itself: whatever was cut short is handed back. Not in what forked from it."""
        if pid != os.getpid() or not self._asked.is_set():
            return
        with self._ending:
            self._hand_back()

    def _end_children(self) -> None:
        for pid in self._consumer.pool.info.get("processes", ()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _hand_back(self) -> None:
        handed_back = journal().hand_back_all(worker.name())
        if handed_back:
            log.warning("%s handed %d steps back", worker.name(), handed_back)

    def _requeue(self) -> None:
        """Put the messages of what was running back on their queues, for others to take now."""
        from celery.worker import state

        for request in tuple(state.active_requests):
            try:
                request.message.requeue()
            except (MessageStateError, *self._consumer.connection_errors) as error:
                # Acknowledged just now, or the broker is away: then the reconciler sends the step.
                log.info("a message was not put back: %s", error)
