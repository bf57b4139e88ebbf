"""What the steps read of a show, and the moment an episode counts as published."""

import datetime as dt

from sqlalchemy import select

from models.documents import Artifact
from models.publication import Publication
from models.show import ShowProfile
from models.tables import PublicationRow, Show, table
from podcast_tasks.journal import EPISODE, STEP_RUN, Claim, Journal
from podmill.errors import PublishError
from podmill.store.database import reading

PUBLICATION, SHOW = table(PublicationRow), table(Show)
_PROFILE_FIELDS = set(ShowProfile.model_fields) - {"cover"}


def profile_of(journal: Journal, slug: str) -> ShowProfile:
    """The show as it is now.

    Raises:
        PublishError: there is no such show any more.
    """
    with reading(journal.engine) as connection:
        row = connection.execute(select(SHOW).where(SHOW.c.slug == slug)).mappings().first()
    if row is None:
        raise PublishError(f"There is no show {slug!r}.", action="Run: podmill show list")
    values = {name: row[name] for name in _PROFILE_FIELDS}
    cover = row["cover"]
    return ShowProfile(**values, cover=Artifact.model_validate(cover) if cover else None)


def publication_moment(journal: Journal, claim: Claim) -> str:
    """ISO 8601 in UTC: when this episode was sent to be heard. Fixed, so that a retry publishes the same item.

    One that is published with audio keeps its moment when it is spoken again: it is not news.
    """
    with reading(journal.engine) as connection:
        of_it = select(PUBLICATION.c.body).where(PUBLICATION.c.episode_id == claim.episode_id)
        before = map(Publication.model_validate_json, connection.scalars(of_it.order_by(PUBLICATION.c.id)))
        heard = next((each.published_at for each in before if each.path), None)
        if heard is not None:
            return heard
        due_at = connection.scalar(
            select(STEP_RUN.c.due_at).where(
                STEP_RUN.c.episode_id == claim.episode_id, STEP_RUN.c.step == "verification"
            )
        ) or connection.scalar(select(EPISODE.c.created_at).where(EPISODE.c.id == claim.episode_id))
    return dt.datetime.fromtimestamp(int(due_at or 0), dt.UTC).isoformat()
