"""Submitting: the same file is the same batch, whoever hands it in and when."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from models.tables import Batch, table
from pipelines import batch
from pipelines.episode import EPISODE, STEP_RUN
from podcast_tasks import admission, chain
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
    monkeypatch.setattr(chain, "send", lambda _calls, **_: 0)


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


def test_one_episode_by_itself_is_interactive(engine, settings, read):
    """A person waits for it; nobody waits for a batch."""
    batch.submit(read(SCRIPTS), settings)
    batch.submit(read('script: "[S1] Three lamps."'), settings)

    with reading(engine) as connection:
        assert [False, False, True] == list(
            connection.scalars(select(EPISODE.c.interactive).order_by(EPISODE.c.created_at))
        )


def test_the_first_places_are_let_in_and_the_others_wait(engine, settings, read):
    """Of two episodes with one place the first is in the chain; both are in the database."""
    batch.submit(read(SCRIPTS), settings.model_copy(update={"episodes_at_once": 1}))

    with reading(engine) as connection:
        sent = connection.execute(
            select(EPISODE.c.position, STEP_RUN.c.sent_at.is_not(None))
            .join(STEP_RUN, STEP_RUN.c.episode_id == EPISODE.c.id)
            .order_by(EPISODE.c.position)
        ).all()
        assert [(0, True), (1, False)] == [tuple(row) for row in sent]
        assert 1 == admission.in_chain(connection)


def test_two_submissions_that_share_episodes_do_not_lock_each_other_out(engine, settings, read):
    """Each is made whole, and every episode once, whatever the order of the rows."""
    rows = [f'  - {{id: r{number}, script: "[S1] Lamp {number}."}}' for number in range(60)]
    head = "show: {slug: harbour, title: Harbour}\nepisodes:\n"
    there, back = read(head + "\n".join(rows)), read(head + "\n".join(reversed(rows)))
    with ThreadPoolExecutor(2) as pool:
        ids = set(pool.map(lambda submission: batch.submit(submission, settings), [there, back]))

    assert (2, 60) == (len(ids), count(engine, EPISODE))
