"""Seven journalled steps that make nothing, under their real names; what research does is said by the episode's topic.

The workers of test_stopping.py and test_outages.py run these: what stops, waits, hangs or dies is real, only quick.
As a program it makes one episode of each topic that it is given, sends their chains, and prints their ids.
"""

import os
import signal
import sys
import time
from pathlib import Path

from celery.signals import celeryd_after_setup

from models.brief import Brief
from models.dossier import Dossier
from models.steps import STEPS, Step
from models.tables import Show, table
from pipelines import episode as episodes
from podcast_tasks import admission, upkeep
from podcast_tasks.app import _remember_queues, app
from podcast_tasks.queues import task_of
from podcast_tasks.running import Done, Work, journal, run_step
from podmill.errors import LimitedError
from podmill.money.amounts import microusd
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.settings import current
from podmill.store.database import insert_into, open_engine, transaction

NOTHING = Dossier(topic="nothing", language="en", sources=(), facts=())
UPKEEP = upkeep.reconcile.name

app.conf.imports = ()
# Nothing is spoken or heard here: no process needs a model.
celeryd_after_setup.disconnect(_remember_queues)
app.conf.beat_schedule = {"reconcile": {"task": UPKEEP, "schedule": current().reconcile_s}}


def mark(work: Work, what: str) -> Path:
    """A file that says that an episode's research came to a point; tests wait for them, and make some themselves."""
    return current().home / f"{work.claim.episode_id}.{what}"


def research(work: Work) -> Done:
    mark(work, f"begun{work.claim.attempt}").touch()
    what, seconds, *_ = f"{work.brief.topic}:".split(":")
    released = mark(work, "released")
    if what == "sleep":
        time.sleep(float(seconds))
    elif (what == "hang" and not released.exists()) or (what == "hang_once" and work.claim.attempt == 1):
        time.sleep(600)
    elif what == "wait" and not released.exists():
        raise LimitedError("The limit is reached.", retry_after_s=float(seconds))
    elif what == "pay":
        claim, settings = work.claim, current()
        fence = Fence(claim.episode_id, claim.step, claim.token, settings.lease_s)
        Ledger(work.journal.engine).reserve(work.account, microusd(seconds), fence)
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    mark(work, f"worked{work.claim.attempt}").touch()
    return Done(NOTHING)


def nothing(_work: Work) -> Done:
    return Done(NOTHING)


def define(step: Step) -> None:
    # The real one is there when this process was forked from one that had imported it; Celery would keep it.
    app.tasks.pop(task_of(step), None)

    @app.task(name=task_of(step))
    def task(episode_id: str) -> None:
        run_step(step, episode_id, research if step is Step.RESEARCH else nothing)


for each in STEPS:
    define(each)


def make(topics: list[str]) -> list[str]:
    settings = current()
    engine = open_engine(settings)
    Ledger(engine).open_account("default", None)
    show = Show(slug="tiny", title="Tiny", guid="9b024349-ccf0-5f69-a609-6b82873eab3c", created_at=0).model_dump()
    with transaction(engine) as connection:
        connection.execute(insert_into(connection, table(Show)).values(show).on_conflict_do_nothing())
        ids = [
            episodes.make(connection, key=topic, brief=Brief(show="tiny", topic=topic), title=topic, account="default")[
                0
            ]
            for topic in topics
        ]
    admission.admit(journal().engine, settings)
    return ids


if __name__ == "__main__":
    sys.stdout.write(" ".join(make(sys.argv[1:])))
