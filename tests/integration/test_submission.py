"""Submitting: the same file is the same batch, whoever hands it in and when."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from models.tables import Batch, table
from pipelines import batch, episode
from pipelines.episode import EPISODE
from podmill.briefs import read_submission
from podmill.store.database import reading

SCRIPTS = """show: {slug: harbour, title: Harbour}
episodes:
  - {id: a, script: "[S1] One lamp."}
  - {id: b, script: "[S1] Two lamps."}
"""


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch):
    """No broker here: what is sent is another test's business."""
    monkeypatch.setattr(episode, "send", lambda _episodes: False)


@pytest.fixture
def read(tmp_path, settings):
    def from_text(text: str):
        path = tmp_path / "batch.yaml"
        path.write_text(text)
        return read_submission(path, settings)

    return from_text


def count(engine, what) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(what))


def test_eight_people_submit_the_same_file_at_once(engine, settings, read):
    """One batch, two episodes, and everybody is told the same id."""
    submission = read(SCRIPTS)
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: batch.submit(submission, settings), range(8)))

    assert 1 == len(ids)
    assert (1, 2) == (count(engine, table(Batch)), count(engine, EPISODE))


def test_a_longer_file_makes_only_what_is_new(engine, settings, read):
    """Rows that were made before move to the newer batch, in their new places; none is made again."""
    first = batch.submit(read(SCRIPTS), settings)
    longer = SCRIPTS.replace("  - {id: a", '  - {id: c, script: "[S1] No lamp."}\n  - {id: a')
    second = batch.submit(read(longer), settings)

    assert first != second
    with reading(engine) as connection:
        rows = connection.execute(select(EPISODE.c.batch_id, EPISODE.c.position).order_by(EPISODE.c.position)).all()
    assert [(second, 0), (second, 1), (second, 2)] == [tuple(row) for row in rows]
