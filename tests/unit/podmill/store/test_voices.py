"""Voices as the database remembers them."""

import numpy as np
import pytest
from sqlalchemy import Engine, select

from models.heard import VoicePrint
from models.tables import Batch, Episode, table
from podmill.store.clock import now
from podmill.store.database import insert_into, reading, transaction
from podmill.store.voices import DatabaseVoices, forget, forget_episode, heard

NEW, OLD = [0.6, 0.8, 0.0], [1.0, 0.0, 0.0]


@pytest.fixture
def episodes(engine: Engine, show: str) -> list[str]:
    with transaction(engine) as connection:
        batch = Batch(id="b", name="b", fingerprint="f", show=show, created_at=0).model_dump() | {"created_at": now()}
        connection.execute(insert_into(connection, table(Batch)).values(batch))
        for name in ("first", "second"):
            row = Episode(id=name, key=name, show=show, batch_id="b", title=name, brief={}, created_at=0, updated_at=0)
            values = row.model_dump() | {"created_at": now(), "updated_at": now()}
            connection.execute(insert_into(connection, table(Episode)).values(values))
    return ["first", "second"]


def test_the_first_episode_is_what_others_are_held_against(engine: Engine, episodes: list[str]) -> None:
    """It has nothing to be held against itself, in any of its rounds; the others find it, and only of their model."""
    first, second = (DatabaseVoices(engine, episode) for episode in episodes)
    first.keep("piper:joe", "m1", OLD)
    second.keep("piper:joe", "m1", NEW)

    assert list(second.first("piper:joe", "m1") or ()) == pytest.approx(OLD, abs=1e-3)
    assert second.first("piper:joe", "m2") is None
    assert second.first("piper:amy", "m1") is None


def test_a_later_round_overwrites(engine: Engine, episodes: list[str]) -> None:
    """One print for each voice of an episode, at the time of the first."""
    voices = DatabaseVoices(engine, episodes[0])
    voices.keep("piper:joe", "m1", OLD)
    with reading(engine) as connection:
        before = connection.scalar(select(table(VoicePrint).c.at))
    voices.keep("piper:joe", "m1", NEW)

    with reading(engine) as connection:
        assert connection.scalars(select(table(VoicePrint).c.at)).all() == [before]
        [(voice, model, _, embedding)] = heard(connection, "b")
    assert (voice, model) == ("piper:joe", "m1")
    np.testing.assert_allclose(embedding, NEW, atol=1e-3)


def test_a_voice_that_changed_begins_anew(engine: Engine, episodes: list[str]) -> None:
    """What was heard of it is forgotten, and of no other voice."""
    first, second = (DatabaseVoices(engine, episode) for episode in episodes)
    for voice in ("piper:joe", "piper:amy"):
        first.keep(voice, "m1", OLD)
    with transaction(engine) as connection:
        assert forget(connection, "piper:joe") == 1

    assert second.first("piper:joe", "m1") is None
    assert second.first("piper:amy", "m1") is not None


def test_an_episode_is_forgotten(engine: Engine, episodes: list[str]) -> None:
    """How voices were heard in it; the next one is the first."""
    first, second = (DatabaseVoices(engine, episode) for episode in episodes)
    first.keep("piper:joe", "m1", OLD)
    second.keep("piper:joe", "m1", NEW)
    with transaction(engine) as connection:
        forget_episode(connection, episodes[0])

    assert list(DatabaseVoices(engine, "third").first("piper:joe", "m1") or ()) == pytest.approx(NEW, abs=1e-3)
