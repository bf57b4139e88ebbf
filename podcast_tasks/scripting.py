"""Dossier to script."""

from models.dossier import Dossier
from models.steps import Step
from podcast_tasks.app import app
from podcast_tasks.running import Done, Work, run_step
from podmill.scripting import write


def make(work: Work) -> Done:
    dossier = None if work.brief.script else work.need(Step.RESEARCH, Dossier)
    script = write(work.brief, dossier, work.context)
    return Done(script, scores={"title": script.title})


@app.task(name="podcast_tasks.scripting.scripting")
def scripting(episode_id: str) -> None:
    run_step(Step.SCRIPTING, episode_id, make)
