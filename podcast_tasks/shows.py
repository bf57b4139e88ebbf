"""What the steps read of a show, and the moment an episode counts as published."""

import datetime as dt

from sqlalchemy import select

from models.documents import Artifact
from models.show import ShowProfile
from models.tables import Show, table
from podcast_tasks.journal import EPISODE, STEP_RUN, Claim, Journal
from podmill.errors import PublishError
from podmill.store.database import reading

SHOW = table(Show)
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
    """ISO 8601 in UTC: when this episode was sent to be heard. Fixed, so that a retry publishes the same item."""
    with reading(journal.engine) as connection:
        due_at = connection.scalar(
            select(STEP_RUN.c.due_at).where(
                STEP_RUN.c.episode_id == claim.episode_id, STEP_RUN.c.step == "verification"
            )
        ) or connection.scalar(select(EPISODE.c.created_at).where(EPISODE.c.id == claim.episode_id))
    return dt.datetime.fromtimestamp(int(due_at or 0), dt.UTC).isoformat()
