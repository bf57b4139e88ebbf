"""Putting episodes back, as far as their accounts allow it."""

import pytest
from sqlalchemy import select, update

from models.steps import EpisodeState
from pipelines import episode as episodes
from pipelines.episode import EPISODE
from podcast_tasks import chain
from podmill.errors import RateLimitExceededError
from podmill.money import accounts, tiers
from podmill.store.database import reading, transaction
from tests.unit.podmill.money.provider import make_episode


def test_a_retry_counts_as_a_submission_does(engine, settings, show, monkeypatch):
    """One unfinished episode at a time: of two that failed one may be tried again, and both at once are refused."""
    monkeypatch.setattr(chain, "send", lambda _calls, **_: 0)
    ids = [make_episode(engine, show, key) for key in ("one", "two")]
    with transaction(engine) as connection:
        accounts.set_tier(connection, "default", tiers.load(settings).find("free"))
        connection.execute(update(EPISODE).values(state=EpisodeState.FAILED))

    with pytest.raises(RateLimitExceededError, match="1 episode unfinished at a time; this would make it 2"):
        episodes.retry(ids, settings)
    assert episodes.retry(ids[:1], settings) == ids[:1]
    with pytest.raises(RateLimitExceededError):
        episodes.retry(ids[1:], settings)

    with reading(engine) as connection:
        rows = connection.execute(select(EPISODE.c.id, EPISODE.c.state))
        assert {row.id: row.state for row in rows} == {ids[0]: EpisodeState.QUEUED, ids[1]: EpisodeState.FAILED}
