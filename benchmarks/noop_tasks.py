"""Seven tasks that do nothing, bare and journalled, for the overhead benchmark's worker."""

import time

from celery import chain
from celery.canvas import Signature
from kombu import Queue

from models.dossier import Dossier
from models.steps import STEPS, Step
from podcast_tasks.app import app
from podcast_tasks.running import Done, Work, run_step

NOTHING = Dossier(topic="nothing", language="en", sources=(), facts=())
QUEUE = "bench"

app.conf.task_queues = (Queue(QUEUE, routing_key=QUEUE),)
app.conf.task_routes = {"bench.*": {"queue": QUEUE}}
app.conf.task_default_queue = QUEUE
app.conf.imports = ()


def _finished(token: str) -> None:
    with app.connection_for_write() as connection:
        connection.default_channel.client.lpush(f"bench:{token}", time.time())


def _bare(step: Step) -> None:
    @app.task(name=f"bench.bare_{step}")
    def task(token: str) -> None:
        if step is STEPS[-1]:
            _finished(token)


def _journalled(step: Step) -> None:
    def make(_work: Work) -> Done:
        return Done(NOTHING)

    @app.task(name=f"bench.journalled_{step}")
    def task(token: str) -> None:
        run_step(step, token, make)
        if step is STEPS[-1]:
            _finished(token)


for each in STEPS:
    _bare(each)
    _journalled(each)


def chain_of(kind: str, token: str) -> Signature:
    """The seven tasks of one kind, as a chain."""
    return chain(*(app.signature(f"bench.{kind}_{step}", args=(token,), immutable=True) for step in STEPS))
