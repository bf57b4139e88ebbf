"""Dossier to script."""

from typing import Final

from sqlalchemy import ColumnElement, select

from models.dossier import Dossier
from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.tables import Episode, StepDocument, table
from podcast_tasks import shows
from podcast_tasks.app import app
from podcast_tasks.running import Done, Outcome, Work, judged, run_step
from podmill.scripting import measured, write
from podmill.store.database import reading
from podmill.store.outage import through_outages

HEARD: Final = 5
"""Latest episodes of a show by which the pace of its voices is measured."""
HEARD_ELSEWHERE: Final = 20
"""Latest episodes of all shows by which that of the others is."""

EPISODE = table(Episode)
DOCUMENT = table(StepDocument)


def make(work: Work) -> Outcome:
    dossier = None if work.brief.script else work.need(Step.RESEARCH, Dossier)
    show = shows.profile_of(work.journal, work.brief.show)
    rates = _rates(work)
    script = write(work.brief.model_copy(update={"brand": show.brand}), dossier, work.context, rates)
    script = script.model_copy(update={"paced": all(member.voice in rates for member in work.brief.cast)})
    scores = {"title": script.title}
    if show.brand is None:
        return Done(script, scores=scores)
    from podmill.quality import alignment, decide, gates_of  # readers of audio, which this worker has no other use for

    gates = gates_of(work.context.settings, show.gates)
    measures = (alignment(script, show.brand, gates),)
    return judged(script, decide(measures, gates), scores=scores, measures=measures)


def _rates(work: Work) -> dict[str, float]:
    """Characters a second of the voices of a cast in this language: in the show so far, else in others.

    Only what was published before this episode was made counts: whoever takes the step over finds the same, asks the
    writer's model the same, and pays for nothing twice.
    """
    language, show = work.brief.language, EPISODE.c.show == work.brief.show
    here = measured(_published(work, show, HEARD), language)
    if all(member.voice in here for member in work.brief.cast):
        return here
    return measured(_published(work, ~show, HEARD_ELSEWHERE), language) | here


@through_outages
def _published(work: Work, which: ColumnElement[bool], count: int) -> list[tuple[Script, Recording]]:
    """The latest episodes that were published before this one was made."""
    recording, script = DOCUMENT.alias(), DOCUMENT.alias()
    this = select(EPISODE.c.created_at).where(EPISODE.c.id == work.claim.episode_id).scalar_subquery()
    heard = (
        select(script.c.body, recording.c.body)
        .join_from(EPISODE, script, (script.c.episode_id == EPISODE.c.id) & (script.c.step == Step.SCRIPTING))
        .join(recording, (recording.c.episode_id == EPISODE.c.id) & (recording.c.step == Step.SYNTHESIS))
        .where(which, EPISODE.c.published_at < this)
        .order_by(EPISODE.c.published_at.desc(), EPISODE.c.id)
        .limit(count)
    )
    with reading(work.journal.engine) as connection:
        bodies = connection.execute(heard).all()
    return [(Script.model_validate_json(said), Recording.model_validate_json(made)) for said, made in bodies]


@app.task(name="podcast_tasks.scripting.scripting")
def scripting(episode_id: str) -> None:
    run_step(Step.SCRIPTING, episode_id, make)
