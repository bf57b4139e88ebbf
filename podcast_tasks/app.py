"""The Celery app, logging and model loading."""

import importlib
import logging
import sys
from typing import Any, Final

from celery import Celery
from celery.signals import (
    celeryd_after_setup,
    import_modules,
    setup_logging,
    task_success,
    worker_process_init,
    worker_ready,
)

from podcast_tasks import worker
from podcast_tasks.command_line import close_flower
from podmill import faults, garbage
from podmill.settings import current

SWITCH_S: Final = 0.001
"""How long a thread of paid speech may keep the others from running. With Python's own 5 ms, ten that read answers of
a third of a second each keep the one that has just got a slot from sending its request for a second or more."""

garbage.search_seldom()
app = Celery("podcast_tasks")
app.config_from_object("celeryconfig")
import_modules.connect(close_flower)


@setup_logging.connect
def _log_plainly(**_: Any) -> None:
    logging.basicConfig(
        level=current().log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(processName)s %(name)s: %(message)s",
        force=True,
    )
    # Beat's and upkeep's ticks would fill the log with two lines every few seconds.
    for chatty in ("faster_whisper", "httpx", "celery.app.trace", "alembic", "celery.beat", "celery.worker.strategy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@worker_process_init.connect
def _know_the_place(**_: Any) -> None:
    worker.became_child()


@worker_ready.connect
def _watch_for_the_end(sender: Any, **_: Any) -> None:
    # Imported here: the steps import this module.
    from podcast_tasks import stopping

    stopping.watch(sender)


@celeryd_after_setup.connect
def _strike_after_sending(**_: Any) -> None:
    """Tests only: a fault point of every step between its successor's message and its own acknowledgement."""
    if current().fault_points:
        task_success.connect(lambda sender, **_: faults.hit(f"{sender.name.rpartition('.')[2]}:sent"), weak=False)


@celeryd_after_setup.connect
def _remember_queues(instance: Any, **_: Any) -> None:
    """Models are loaded in the children, by the queues their worker serves: never before the fork."""
    queues = set(instance.app.amqp.queues.consume_from)
    if "synthesis.api" in queues and "prefork" not in instance.pool_cls.__module__:
        from podmill.speech.readying import ready_paid

        ready_paid(current())
        sys.setswitchinterval(SWITCH_S)
    worker_process_init.connect(lambda **_: _preload(queues), weak=False)


def _preload(queues: set[str]) -> None:
    if "synthesis.gpu" in queues:
        from podmill import speech

        speech.preload(current())
    if "verification" in queues:
        from podmill import verification

        verification.preload(current())
    if "audio" in queues:
        importlib.import_module("podmill.mastering")
