"""Episodes are let in by turns: never too many, nobody last for ever, who is waited for at once."""

import threading

import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings
from sqlalchemy import delete, select, text, update

from models.brief import Brief
from models.steps import EpisodeState, StepState
from models.tables import Batch, Event, table
from pipelines import episode as episodes
from pipelines.episode import EPISODE, STEP_RUN, NewEpisode
from podcast_tasks import admission, chain
from podmill.store.clock import now
from podmill.store.database import reading, transaction
from tests.effort import examples

BATCH, EVENT = table(Batch), table(Event)
PLACES = 4


class Chain:
    """The chain with a number of places, as one who watches its database sees it."""

    def __init__(self, engine, show, places=PLACES):
        self.engine, self.show, self.places = engine, show, places
        with transaction(engine) as connection:
            for each in (EVENT, STEP_RUN, EPISODE, BATCH):
                connection.execute(delete(each))

    def submit(self, batch, count, *, interactive=False):
        """The ids of the episodes of a new batch, in order."""
        with transaction(self.engine) as connection:
            row = {"id": batch, "name": batch, "fingerprint": batch, "show": self.show, "account": "default"}
            connection.execute(BATCH.insert().values(**row, refused=[], created_at=now()))
            episodes.make_many(
                connection,
                [NewEpisode(f"{batch}-{n}", Brief(show=self.show), "x", position=n) for n in range(count)],
                account="default",
                batch_id=batch,
                interactive=interactive,
            )
            rows = connection.scalars(
                select(EPISODE.c.id).where(EPISODE.c.batch_id == batch).order_by(EPISODE.c.position)
            )
            return list(rows)

    def admit(self):
        """The ids that are let in, in their order."""
        with transaction(self.engine) as connection:
            return [call.episode_id for call in admission.let_in(connection, self.places)]

    def held(self):
        with reading(self.engine) as connection:
            return admission.in_chain(connection)

    def finish(self, episode_id):
        self.set_run(episode_id, state=StepState.DONE)
        with transaction(self.engine) as connection:
            published = update(EPISODE).where(EPISODE.c.id == episode_id).values(state=EpisodeState.PUBLISHED)
            connection.execute(published)

    def park(self, episode_id, wait_s):
        """Sent a while ago; a wait below 0 is over."""
        self.set_run(episode_id, state=StepState.PARKED, sent_at=now() - 60, not_before=now() + wait_s)

    def run(self, episode_id):
        """A worker takes the step, whatever it was in."""
        self.set_run(episode_id, state=StepState.RUNNING, not_before=None)

    def set_run(self, episode_id, **values):
        with transaction(self.engine) as connection:
            connection.execute(update(STEP_RUN).where(STEP_RUN.c.episode_id == episode_id).values(**values))


@pytest.fixture
def places(engine, show):
    return Chain(engine, show)


def test_a_small_batch_does_not_wait_for_a_large_one(engine, show):
    """A batch of 1,000 fills the chain; of one of 5 that comes after it all are in within the next 10 places."""
    places = Chain(engine, show, places=20)
    places.submit("large", 1000)
    inside = places.admit()
    assert len(inside) == 20

    small, let_in = set(places.submit("small", 5)), []
    while len(let_in) < 10:
        places.finish(inside.pop(0))
        let_in += places.admit()
    assert small <= set(let_in)


def test_an_interactive_episode_waits_for_nobody(places):
    """It is let in though every place is taken, and takes none."""
    places.submit("large", 10)
    places.admit()
    (waited_for,) = places.submit("one", 1, interactive=True)

    assert places.admit() == [waited_for]
    assert places.held() == PLACES


def test_a_batch_goes_in_the_order_of_its_rows(places):
    """By position, whatever the ids."""
    ids = places.submit("batch", 10)
    assert places.admit() == ids[:PLACES]


def test_what_was_begun_goes_before_what_was_not(places):
    """An episode whose wait is over is let in before the next row of its batch."""
    ids = places.submit("batch", 10)
    places.admit()
    places.park(ids[2], wait_s=-1)

    assert places.admit() == [ids[2]]


def test_what_is_parked_holds_no_place(places):
    """While a provider is away the others go on; and when it is back no more are woken than there are places."""
    ids = places.submit("batch", 20)
    for _ in range(3):
        for episode_id in places.admit():
            places.park(episode_id, wait_s=3600)
    for episode_id in ids[: 3 * PLACES]:
        places.park(episode_id, wait_s=-1)

    assert places.admit() == ids[:PLACES]
    assert places.admit() == []


def test_more_batches_than_places_take_turns(places):
    """Each is served once before any is served twice."""
    batches = {name: places.submit(name, 5) for name in "abcdefghi"}
    owner = {episode_id: name for name, ids in batches.items() for episode_id in ids}
    served = []
    while len(served) < 2 * len(batches):
        let_in = places.admit()
        served += [owner[episode_id] for episode_id in let_in]
        for episode_id in let_in:
            places.finish(episode_id)
    assert len(set(served[: len(batches)])) == len(batches)


def test_many_who_admit_at_once_let_in_as_many_as_one(engine, show, places):
    """Workers, reconcilers and submissions on any number of hosts."""
    places.submit("batch", 40)
    together, let_in = threading.Barrier(6), []

    def run():
        together.wait()
        let_in.extend(places.admit())

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(let_in) == len(set(let_in)) == PLACES == places.held()


def test_a_worker_refills_once_it_is_worth_it(engine, show, settings, monkeypatch):
    """One free place of forty is left to the next who looks; a tenth of them is filled."""
    sent = []
    monkeypatch.setattr(chain, "send", lambda calls, **_: sent.extend(calls))
    settings = settings.model_copy(update={"episodes_at_once": 40})
    places = Chain(engine, show, places=40)
    places.submit("batch", 60)
    inside = places.admit()
    taken = []
    for count, episode_id in enumerate(inside[:5], start=1):
        places.finish(episode_id)
        admission.refill(engine, settings)
        taken.append((count, len(sent)))

    assert taken == [(1, 0), (2, 0), (3, 0), (4, 4), (5, 4)]


def test_a_worker_is_not_failed_by_a_refill(engine, show, settings, monkeypatch):
    """The database may be away when an episode ends: the episode has ended all the same."""
    Chain(engine, show).submit("batch", 5)
    monkeypatch.setattr(admission, "in_chain", _broken)
    admission.refill(engine, settings)


def _broken(connection):
    connection.execute(text("SELECT this IS NOT SQL"))


WORLD = strategies.lists(
    strategies.one_of(
        strategies.tuples(strategies.just("submit"), strategies.integers(1, 12)),
        strategies.tuples(strategies.just("interactive"), strategies.just(1)),
        strategies.tuples(strategies.sampled_from(["finish", "park", "run"]), strategies.integers(0, 50)),
    ),
    min_size=3,
    max_size=25,
)


@given(world=WORLD)
@hypothesis_settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_never_too_many_and_nobody_for_ever(engine, show, world):
    """Whatever happens in whatever order: the places hold, interactive ones come in at once, everybody comes in."""
    places = Chain(engine, show)
    waiting, inside, interactive = set(), [], set()

    def admit():
        let_in = places.admit()
        assert set(let_in) <= waiting | interactive
        assert len(let_in) == len(set(let_in))
        assert places.held() <= PLACES
        assert not interactive - set(let_in), "an interactive episode was left waiting"
        assert places.held() == PLACES or not waiting - set(let_in), "a place was free and nobody came in"
        waiting.difference_update(let_in)
        inside.extend(episode_id for episode_id in let_in if episode_id not in interactive)
        interactive.clear()

    for number, (what, value) in enumerate(world):
        if what == "submit":
            waiting.update(places.submit(f"b{number}", value))
        elif what == "interactive":
            interactive.update(places.submit(f"i{number}", 1, interactive=True))
        elif inside:
            episode_id = inside.pop(value % len(inside))
            if what == "run":
                places.run(episode_id)
                inside.append(episode_id)
            elif what == "park":
                places.park(episode_id, wait_s=-1)
                waiting.add(episode_id)
            else:
                places.finish(episode_id)
        admit()

    while inside:
        places.finish(inside.pop(0))
        admit()
    assert not waiting


@given(sizes=strategies.lists(strategies.integers(1, 15), min_size=2, max_size=7), data=strategies.data())
@hypothesis_settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_batch_that_waits_is_served_within_one_round(engine, show, sizes, data):
    """No batch with episodes waiting is passed over by more places than there are batches, plus those taken already."""
    places = Chain(engine, show)
    owner, left = {}, {}
    for number, size in enumerate(sizes):
        left[number] = size
        owner |= dict.fromkeys(places.submit(f"b{number}", size), number)
    inside, passed_over = [], dict.fromkeys(left, 0)
    while any(left.values()):
        for episode_id in places.admit():
            batch = owner[episode_id]
            left[batch] -= 1
            inside.append(episode_id)
            held = {owner[each] for each in inside}
            for other, count in left.items():
                passed_over[other] = 0 if other == batch or other in held or not count else passed_over[other] + 1
            assert max(passed_over.values()) <= len(sizes)
        if inside:
            places.finish(inside.pop(data.draw(strategies.integers(0, len(inside) - 1))))


def test_a_retried_episode_waits_for_its_turn_again(engine, show, settings, places, monkeypatch):
    """Its failures are forgotten and it is sent when it is let in, not by whoever retried it."""
    monkeypatch.setattr(chain, "send", lambda _calls, **_: 0)
    ids = places.submit("batch", 6)
    places.admit()
    with transaction(engine) as connection:
        connection.execute(update(EPISODE).where(EPISODE.c.id == ids[0]).values(state=EpisodeState.FAILED))
        failed = {"state": StepState.FAILED, "failures": 3, "lost_leases": 2}
        connection.execute(update(STEP_RUN).where(STEP_RUN.c.episode_id == ids[0]).values(**failed))
    full = settings.model_copy(update={"episodes_at_once": PLACES - 1})

    assert episodes.retry([ids[0]], full) == [ids[0]]
    with reading(engine) as connection:
        run = connection.execute(select(STEP_RUN).where(STEP_RUN.c.episode_id == ids[0])).one()
    assert (run.state, run.failures, run.lost_leases, run.sent_at) == (StepState.DUE, 0, 0, None)
    assert ids[0] in places.admit()


def test_a_cancelled_episode_gives_its_place_back(engine, show, settings, places):
    """The next of its batch comes in."""
    ids = places.submit("batch", 6)
    places.admit()
    episodes.cancel([ids[0]], settings)

    assert places.admit() == [ids[PLACES]]
