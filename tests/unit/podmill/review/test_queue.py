"""The queue in both databases: one open item an episode, one decision an item."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from models.steps import EpisodeState
from pipelines import reviewing
from podmill.errors import InputError
from podmill.money import sums
from podmill.review import queue
from podmill.review.hearing import hearing
from podmill.store.database import reading, transaction
from tests import reviews
from tests.unit.podmill.money.provider import account, check_sums


@pytest.fixture
def asked(engine, settings) -> str:
    return reviews.waiting(engine, settings, "tides")


def test_an_episode_is_asked_about_once(engine, asked):
    """What is asked later takes the place of what is open; after a decision it is a new item."""
    with transaction(engine) as connection:
        queue.put(connection, asked, "doubtful", "Once more.", (2, 0, 2))
    (entry,) = queue.entries(engine)
    assert (entry.kind, entry.reason, entry.lines, entry.id) == ("doubtful", "Once more.", (1, 3), 1)

    with transaction(engine) as connection:
        assert queue.close(connection, 1, "approved", "ada", "Fine.")
        assert not queue.close(connection, 1, "rejected", "bob", "")
        queue.put(connection, asked, "sample", "Drawn.")
    (entry,) = queue.entries(engine)
    (before,) = queue.entries(engine, decided=True)
    assert (entry.state, before.state, before.decided_by, before.note) == ("open", "approved", "ada", "Fine.")
    with reading(engine) as connection:
        assert queue.find(connection, asked).id == entry.id
        assert queue.find(connection, asked[:8]).id == entry.id
        assert queue.approved_at(connection, asked) == before.decided_at


def test_of_many_who_decide_at_once_one_does(engine, settings, asked):
    """Each in a connection of their own; the episode moves once."""

    def decide(who: str) -> str:
        try:
            return str(reviewing.approve(asked, settings, by=who).decided_by)
        except InputError as exc:
            return exc.message

    with ThreadPoolExecutor(4) as people:
        said = list(people.map(decide, ("ada", "bob", "cyd", "dan")))

    (winner,) = [each for each in said if each in ("ada", "bob", "cyd", "dan")]
    assert said.count(f"Item 1 was approved by {winner} already.") == 3
    with reading(engine) as connection:
        assert queue.find(connection, "1").episode_state == EpisodeState.QUEUED


def test_what_is_filtered_and_found(engine, settings, asked):
    """By show and by kind; a name that is none, or that of several, is refused."""
    other = reviews.waiting(engine, settings, "bees", kind="sample", show="bees", lines=())
    assert [entry.episode_id for entry in queue.entries(engine)] == [asked, other]
    assert [entry.episode_id for entry in queue.entries(engine, show="bees")] == [other]
    assert [entry.episode_id for entry in queue.entries(engine, kind="failed")] == [asked]
    assert [entry.episode_id for entry in queue.entries(engine, limit=1)] == [asked]
    assert (queue.shows(engine), queue.shows(engine, decided=True)) == ({"tides", "bees"}, set())
    with reading(engine) as connection:
        for name in ("", "9", "0", "99999999999", "zz", "%"):
            with pytest.raises(InputError, match="has the id"):
                queue.find(connection, name)


def test_a_hearing(engine, asked):
    """The line in question beside what was heard; the others are there, and not in question."""
    with reading(engine) as connection:
        found = hearing(connection, queue.find(connection, asked))
    (line,) = found.in_question
    assert (line.number, line.speaker, line.heard, line.start_s, line.end_s) == (2, "Two", "<hm>", 3.0, 6.0)
    assert [each.number for each in found.lines] == [1, 2, 3]
    assert found.duration_s == 9.0
    (score,) = found.scores
    assert (score.name, score.limit) == ("word_accuracy", 0.94)


@pytest.mark.parametrize(("decision", "left_microusd"), [("approve", 1000), ("respeak", 1000), ("reject", 0)])
def test_the_money_that_is_held(engine, settings, asked, decision, left_microusd):
    """It stays held for an episode that goes on, and is given back by one that does not."""
    with transaction(engine) as connection:
        sums.reserve(connection, "default", asked, 1000)
    {"approve": reviewing.approve, "respeak": reviewing.respeak, "reject": reviewing.reject}[decision](
        "1", settings, by="ada", note="So."
    )
    assert account(engine).reserved_microusd == left_microusd
    check_sums(engine)
