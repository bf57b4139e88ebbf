"""What beat asks for: reconciling, clean-up, collection, telling drift. Recurring episodes: ``pipelines.recurring``."""

import contextlib
import logging
import shutil
import time
from collections.abc import Callable

from sqlalchemy import select

from models.steps import StepState
from podcast_tasks import drifting, reconciler
from podcast_tasks.app import app
from podcast_tasks.journal import STEP_RUN
from podcast_tasks.running import journal
from podmill.settings import Settings, current
from podmill.store import collect as collection
from podmill.store.database import reading

log = logging.getLogger(__name__)

ABANDONED_AFTER_S = 3600.0
"""A temporary file of the store this old belongs to a process that died."""


@app.task(name="podcast_tasks.upkeep.reconcile")
def reconcile() -> None:
    reconciler.reconcile(journal())


@app.task(name="podcast_tasks.upkeep.clean_up")
def clean_up() -> None:
    remove_abandoned(current(), _live_tokens)


@app.task(name="podcast_tasks.upkeep.collect")
def collect() -> None:
    collection.collect(journal().engine, current())


@app.task(name="podcast_tasks.upkeep.tell_drift")
def tell_drift() -> None:
    drifting.tell(journal().engine)


def _live_tokens() -> set[str]:
    with reading(journal().engine) as connection:
        return set(connection.scalars(select(STEP_RUN.c.lease_token).where(STEP_RUN.c.state == StepState.RUNNING)))


def remove_abandoned(settings: Settings, live_tokens: Callable[[], set[str]]) -> None:
    """Remove the temporary folders of step runs whose worker died, passages that were to be played, and half-written
    files of the store.

    Args:
        live_tokens: asks the database; called when the folders are listed already, for a folder is made after its
            claim: one that is listed without a live token has lost it.
    """
    folders = [path for path in settings.temp.glob("*-*-*") if path.is_dir()]
    live = live_tokens() if folders else set()
    for folder in folders:
        if folder.name.rpartition("-")[2] not in live:
            log.info("removing %s", folder)
            shutil.rmtree(folder, ignore_errors=True)
    oldest = time.time() - ABANDONED_AFTER_S
    for file in (*settings.temp.glob("review-*"), *settings.store_dir.glob(".incoming-*")):
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_mtime < oldest:
                file.unlink()
