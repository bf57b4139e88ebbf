"""Brief to dossier. A ready-made script needs no research: its dossier is empty."""

import logging

from models.dossier import Dossier
from models.steps import Step
from podcast_tasks.app import app
from podcast_tasks.running import Done, Work, run_step
from podmill.errors import MissingExtraError, TransientError

log = logging.getLogger(__name__)


def make(work: Work) -> Done:
    if work.brief.script is not None:
        return Done(Dossier(topic=work.brief.subject, language=work.brief.language, sources=(), facts=()))
    _must_be_speakable(work)
    from podmill.research import research as find_facts

    return Done(find_facts(work.brief, work.context))


def _must_be_speakable(work: Work) -> None:
    """Nothing is bought for an episode that nobody can speak: a voice that is not there, a key that does not work.

    What cannot be told now is told at the cost check, before anything is spoken.
    """
    from podmill import speech

    brief, settings = work.brief, work.context.settings
    try:
        choices = speech.choices(brief.cast, brief.fallback, brief.language, settings)
        speech.usable(choices, brief.language, settings, waits=lambda _: True)
    except (TransientError, MissingExtraError) as exc:
        log.info("whether %s can be spoken is not known yet: %s", work.claim.episode_id, exc)


@app.task(name="podcast_tasks.research.research")
def research(episode_id: str) -> None:
    run_step(Step.RESEARCH, episode_id, make)
