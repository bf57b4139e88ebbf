"""The seven steps under their own names, doing nothing: a worker of the throughput benchmark runs these."""

from models.dossier import Dossier
from models.steps import STEPS, Step
from podcast_tasks.app import app
from podcast_tasks.queues import task_of
from podcast_tasks.running import Done, Work, run_step

NOTHING = Dossier(topic="nothing", language="en", sources=(), facts=())

app.conf.imports = ("podcast_tasks.upkeep", "pipelines.recurring")


def _do_nothing(_work: Work) -> Done:
    return Done(NOTHING)


def _task(step: Step) -> None:
    @app.task(name=task_of(step))
    def task(episode_id: str) -> None:
        run_step(step, episode_id, _do_nothing)


for each in STEPS:
    _task(each)
