"""Episodes whose next step is synthesis: their script is there, nothing is spoken yet."""

from sqlalchemy import Engine, update

from models.brief import Brief, CastMember
from models.dossier import Dossier
from models.steps import EpisodeState, Step, StepState
from models.tables import Episode, StepDocument, StepRun, table
from pipelines import episode as episodes
from podmill.store.clock import now
from podmill.store.database import transaction
from tests.unit.podmill.speech.tones import script

EPISODE, STEP_RUN, DOCUMENT = table(Episode), table(StepRun), table(StepDocument)


def due_for(step: Step, engine: Engine, show: str, key: str, *lines: str, voice: str, account: str = "default") -> str:
    """The id of an episode with one speaker, whose script has these lines and whose next step is this one."""
    cast = (CastMember(speaker="S1", name="One", voice=voice),)
    words = script(*(f"S1: {line}" for line in lines))
    with transaction(engine) as connection:
        episode_id, _ = episodes.make(
            connection, key=key, brief=Brief(show=show, cast=cast), title=key, account=account
        )
        nothing = Dossier(topic=key, language=words.language, sources=(), facts=())
        for made, body in ((Step.RESEARCH, nothing), (Step.SCRIPTING, words)):
            document = {"episode_id": episode_id, "step": made, "body": body.model_dump_json()}
            connection.execute(DOCUMENT.insert().values(**document, created_at=now()))
        mine = update(STEP_RUN).where(STEP_RUN.c.episode_id == episode_id)
        connection.execute(mine.values(step=step, state=StepState.DUE))
        moved = {"step": step, "state": EpisodeState.RUNNING}
        connection.execute(update(EPISODE).where(EPISODE.c.id == episode_id).values(**moved))
    return episode_id
