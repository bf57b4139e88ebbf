"""Master, or what stands in for it, to publications."""

from models.dossier import Dossier
from models.master import Master, TextEdition
from models.recording import Recording
from models.release import Release
from models.script import Script
from models.steps import Step
from models.verdict import Verdict
from podcast_tasks import shows
from podcast_tasks.app import app
from podcast_tasks.running import Done, Work, run_step
from podmill.publishing import publish


def make(work: Work) -> Done:
    text_only = work.need(Step.SYNTHESIS, Recording).text_only
    release = Release(
        guid=work.claim.episode_id,
        published_at=shows.publication_moment(work.journal, work.claim),
        show=shows.profile_of(work.journal, work.brief.show),
        brief=work.brief,
        dossier=None if work.brief.script else work.need(Step.RESEARCH, Dossier),
        script=work.need(Step.SCRIPTING, Script),
        master=work.need(Step.LOUDNESS, TextEdition if text_only else Master),
        word_accuracy=work.need(Step.VERIFICATION, Verdict).word_accuracy,
    )
    publications = publish(release, work.context)
    return Done(publications, publications=publications.items)


@app.task(name="podcast_tasks.publishing.publishing")
def publishing(episode_id: str) -> None:
    run_step(Step.PUBLISHING, episode_id, make)
