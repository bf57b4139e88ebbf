"""Brief to dossier. A ready-made script needs no research: its dossier is empty."""

from models.dossier import Dossier
from models.steps import Step
from podcast_tasks.app import app
from podcast_tasks.running import Done, Work, run_step


def make(work: Work) -> Done:
    if work.brief.script is not None:
        return Done(Dossier(topic=work.brief.subject, language=work.brief.language, sources=(), facts=()))
    from podmill.research import research as find_facts

    return Done(find_facts(work.brief, work.context))


@app.task(name="podcast_tasks.research.research")
def research(episode_id: str) -> None:
    run_step(Step.RESEARCH, episode_id, make)
