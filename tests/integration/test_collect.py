"""The collector removes what nothing refers to, never what something does or is about to; on both databases."""

import json
import os
import threading

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, delete, insert, update

from models.documents import Artifact
from models.steps import EpisodeState, StepState
from models.tables import (
    Charge,
    Episode,
    Event,
    Part,
    PublicationRow,
    Schedule,
    Show,
    StepDocument,
    TakeRow,
    table,
)
from models.take import Take
from podmill.settings import Settings
from podmill.store import locks
from podmill.store.clock import now
from podmill.store.collect import Collected, collect
from podmill.store.database import transaction
from podmill.store.local import LocalStore
from podmill.store.takes import DatabaseTakes
from tests.effort import examples

DAY_S = 86400.0


@pytest.fixture
def store(settings: Settings) -> LocalStore:
    return LocalStore(settings.store_dir)


def age(store: LocalStore, seconds: float) -> None:
    """Let time pass for what is in the store."""
    for path in store.root.glob("??/*"):
        moment = path.stat().st_mtime - seconds
        os.utime(path, (moment, moment))


def episode(engine, show: str, **values) -> str:
    row = Episode(id="e1", key="k", show=show, title="t", brief={}, created_at=0, updated_at=0).model_dump()
    with transaction(engine) as connection:
        connection.execute(insert(table(Episode)).values(row | values))
    return "e1"


def refer(engine, show: str, where: str, artifact: Artifact) -> None:
    """One row that refers to the artifact, as the product writes it."""
    body, data = artifact.model_dump_json(), artifact.model_dump()
    nested = {"audio": data, "lines": [{"text": "x" * 50}]}
    if where not in ("show", "schedule", "take", "brief"):
        episode(engine, show)
    with transaction(engine) as connection:
        match where:
            case "show":
                connection.execute(update(table(Show)).values(cover=data))
            case "brief":
                connection.execute(
                    insert(table(Episode)).values(
                        Episode(
                            id="e1",
                            key="k",
                            show=show,
                            title="t",
                            brief={"sources": [{"artifact": data}]},
                            created_at=0,
                            updated_at=0,
                        ).model_dump()
                    )
                )
            case "document":
                connection.execute(
                    insert(table(StepDocument)).values(
                        episode_id="e1", step="synthesis", body=json.dumps(nested), created_at=0
                    )
                )
            case "publication":
                connection.execute(
                    insert(table(PublicationRow)).values(
                        episode_id="e1", target="folder", url="u", body=f'{{"files":[{body}]}}', created_at=0
                    )
                )
            case "schedule":
                connection.execute(
                    insert(table(Schedule)).values(
                        show=show, name="n", cron="* * * * *", timezone="UTC", brief=nested, active=True, since=0
                    )
                )
            case "event":
                connection.execute(insert(table(Event)).values(at=0, kind="x", data={"reply": json.dumps(nested)}))
            case "take":
                connection.execute(
                    insert(table(TakeRow)).values(
                        key="k",
                        engine="e",
                        voice="v",
                        sha256="",
                        suffix="",
                        size_bytes=0,
                        media_type="",
                        duration_s=1,
                        body=json.dumps({"raw": data}),
                        created_at=now(),
                        used_at=now(),
                    )
                )
            case "charge":
                row = Charge(
                    key="c",
                    account="default",
                    episode_id="e1",
                    step="synthesis",
                    provider="p",
                    unit="u",
                    quantity=1,
                    amount_microusd=1,
                    created_at=0,
                    reply={"raw": data},
                ).model_dump()
                connection.execute(insert(table(Charge)).values(row))


WHERE = ("show", "brief", "document", "publication", "schedule", "event", "take", "charge")


@pytest.mark.parametrize("where", WHERE)
def test_what_is_referred_to_stays(settings, engine, show, store, where: str):
    """However old, and wherever in the database the reference is; what nothing refers to goes."""
    wanted, junk = store.put_bytes(b"wanted", suffix=".flac"), store.put_bytes(b"junk!")
    refer(engine, show, where, wanted)
    age(store, 400 * DAY_S)

    assert collect(engine, settings) == Collected(files=1, size_bytes=5)
    assert store.has(wanted)
    assert not store.has(junk)


def test_every_table_with_json_is_looked_at(settings, engine, show, store):
    """A column of JSON that a later version adds needs no word in the collector: the tables above are all there are."""
    from podmill.store.references import _columns_of_json

    looked_at = {(column.table.name, column.name) for column in _columns_of_json()}
    assert looked_at == {
        *(("batch", "refused"), ("charge", "reply"), ("document", "body"), ("episode", "brief"), ("event", "data")),
        *(("publication", "body"), ("schedule", "brief"), ("show", "cover"), ("take", "body")),
        *(("show", "voices_order"), ("show", "voices_degrade"), ("show", "degrade")),
        *(("show", "gates"), ("show", "brand"), ("show", "sound")),
        *(("review", "lines"), ("score", "lines")),
    }


def test_what_is_young_stays(settings, engine, store):
    """It may be referred to in a moment: put, then recorded."""
    store.put_bytes(b"young")
    age(store, settings.collect_after_s - 60)

    assert collect(engine, settings) == Collected()


def test_putting_the_same_bytes_again_makes_them_young(settings, engine, store):
    """A file that lay there for years is about to be referred to again."""
    store.put_bytes(b"again")
    age(store, 400 * DAY_S)
    artifact = store.put_bytes(b"again")

    assert collect(engine, settings) == Collected()
    assert store.has(artifact)


def test_steps_may_take_as_long_as_they_may(settings, engine, store):
    """A collection that is set to be too eager still leaves the files of running steps alone."""
    eager = settings.model_copy(update={"collect_after_s": 1.0})
    store.put_bytes(b"x")
    age(store, settings.step_time_limit_s - 60)

    assert collect(engine, eager) == Collected()


def test_a_dry_run_only_counts(settings, engine, store):
    """Nothing is removed."""
    artifact = store.put_bytes(b"junk!")
    age(store, 400 * DAY_S)

    assert collect(engine, settings, dry_run=True) == Collected(files=1, size_bytes=5)
    assert store.has(artifact)


def test_what_is_not_the_store_s_is_left_alone(settings, engine, store):
    """Only names that are hashes are artifacts."""
    store.put_bytes(b"x")
    for name in ("README", "ab/notes.txt", f"ab/{'g' * 64}", f"ab/{'a' * 64}"):
        path = store.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    (store.root / "ab" / ("a" * 64)).unlink()
    (store.root / "ab" / ("a" * 64)).mkdir()
    age(store, 400 * DAY_S)

    assert collect(engine, settings).files == 1
    assert sorted(path.name for path in (store.root / "ab").iterdir()) == ["a" * 64, "g" * 64, "notes.txt"]


def test_a_put_waits_for_the_sweep_and_then_is_there(settings, engine, store):
    """Between the collector's look at a file's age and its removal nobody can make the file young."""
    artifact = store.put_bytes(b"x")
    age(store, 400 * DAY_S)
    put = threading.Thread(target=store.put_bytes, args=(b"x",))
    with locks.sweeping(store.root):
        put.start()
        put.join(0.3)
        assert put.is_alive()
        store.path(artifact).unlink()
    put.join(20)

    assert store.has(artifact)


# Takes


def take(store: LocalStore, key: str = "t1") -> Take:
    audio = store.put_bytes(key.encode(), suffix=".flac")
    return Take(key=key, engine="piper", voice="piper:x", raw=audio, audio=audio, duration_s=1.0, lines=())


def unused_for(engine, days: float) -> None:
    with transaction(engine) as connection:
        connection.execute(update(table(TakeRow)).values(used_at=now() - days * DAY_S))


def test_a_take_nobody_uses_is_forgotten_and_its_audio_collected(settings, engine, store):
    """After the days that are set, not before."""
    takes = DatabaseTakes(engine, store)
    takes.put(take(store))
    age(store, 400 * DAY_S)
    unused_for(engine, settings.takes_keep_days - 1)
    assert collect(engine, settings) == Collected()
    unused_for(engine, settings.takes_keep_days + 1)

    assert collect(engine, settings) == Collected(files=1, size_bytes=2, takes=1)
    assert takes.get("t1") is None


def test_asking_for_a_take_keeps_it(settings, engine, store):
    """What a step was handed is not collected while it runs."""
    takes = DatabaseTakes(engine, store)
    takes.put(take(store))
    age(store, 400 * DAY_S)
    unused_for(engine, 400)
    handed_out = takes.get("t1")

    assert collect(engine, settings) == Collected()
    assert store.has(handed_out.audio)


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        (EpisodeState.PARKED, True),
        (EpisodeState.REVIEW, True),
        (EpisodeState.PUBLISHED, False),
        (EpisodeState.CANCELLED, False),
    ],
)
def test_the_takes_of_an_episode_that_may_go_on_are_kept(settings, engine, show, store, state, kept: bool):
    """However long it waits: what was spoken once is not spoken again."""
    DatabaseTakes(engine, store).put(take(store))
    episode_id = episode(engine, show, state=state)
    with transaction(engine) as connection:
        connection.execute(
            insert(table(Part)).values(
                episode_id=episode_id,
                round=0,
                index=0,
                state=StepState.DONE,
                take_key="t1",
                characters=1,
                requested=True,
            )
        )
    unused_for(engine, 400)
    age(store, 400 * DAY_S)

    assert collect(engine, settings).takes == (0 if kept else 1)


# As a model: any order of putting, recording, dropping, waiting, collecting

CONTENTS = st.sampled_from([b"a", b"b", b"c", b"d"])


class CollectorMachine(RuleBasedStateMachine):
    """What the store must hold: everything that is recorded, and everything that was put a short while ago."""

    engine: Engine
    settings: Settings
    show: str

    @initialize()
    def begin(self) -> None:
        self.clock = 0.0
        self.store = LocalStore(self.settings.store_dir)
        self.put_at: dict[bytes, float] = {}
        self.recorded: dict[str, bytes] = {}
        with transaction(self.engine) as connection:
            for each in (StepDocument, Episode):
                connection.execute(delete(table(each)))
        episode(self.engine, self.show)
        for path in self.store.root.glob("??/*"):
            path.unlink()

    def artifact(self, content: bytes) -> Artifact:
        return LocalStore(self.settings.home / "hashes").put_bytes(content, suffix=".x")

    @rule(content=CONTENTS)
    def put(self, content: bytes) -> None:
        self.store.put_bytes(content, suffix=".x")
        self.put_at[content] = self.clock

    @rule(content=CONTENTS, step=st.sampled_from(["research", "synthesis"]))
    def record(self, content: bytes, step: str) -> None:
        """Only what was put, within the longest time a step may take; over what an earlier round recorded."""
        if self.clock - self.put_at.get(content, -1e9) >= self.settings.collect_after_s:
            return
        with transaction(self.engine) as connection:
            connection.execute(delete(table(StepDocument)).where(table(StepDocument).c.step == step))
            connection.execute(
                insert(table(StepDocument)).values(
                    episode_id="e1", step=step, body=self.artifact(content).model_dump_json(), created_at=0
                )
            )
        self.recorded[step] = content

    @rule(hours=st.sampled_from([1, 11, 13, 25]))
    def wait(self, hours: int) -> None:
        self.clock += hours * 3600
        age(self.store, hours * 3600)

    @rule()
    def collect(self) -> None:
        assert collect(self.engine, self.settings) is not None
        due = {
            content
            for content, at in self.put_at.items()
            if self.clock - at > self.settings.collect_after_s and content not in self.recorded.values()
        }
        assert not any(self.store.has(self.artifact(content)) for content in due), "what nobody wants is gone"

    @invariant()
    def nothing_wanted_is_gone(self) -> None:
        young = {c for c, at in self.put_at.items() if self.clock - at < self.settings.collect_after_s}
        for content in young | set(self.recorded.values()):
            assert self.store.has(self.artifact(content)), content


def test_in_any_order_nothing_wanted_is_lost_and_nothing_else_kept(settings, engine, show):
    """Put, record, overwrite, wait, collect: recorded or young is there, and after a collection nothing else is."""
    run_state_machine_as_test(
        type("Machine", (CollectorMachine,), {"engine": engine, "settings": settings, "show": show}),
        settings=hypothesis_settings(
            max_examples=examples(12), stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_collector_that_never_rests_takes_nothing_from_four_that_put_and_record(settings, engine, show, store):
    """Old, unwanted files are put again and recorded while they are being collected: each is there afterwards."""
    episode(engine, show)
    contents = [f"{maker}/{turn}".encode() for maker in range(4) for turn in range(20)]
    for content in contents:
        store.put_bytes(content)
    age(store, 400 * DAY_S)
    stop, lost = threading.Event(), []

    def rest_never() -> None:
        while not stop.is_set():
            collect(engine, settings)

    def make(mine: list[bytes]) -> None:
        for content in mine:
            artifact = store.put_bytes(content)
            row = {"episode_id": "e1", "step": content.decode(), "body": artifact.model_dump_json(), "created_at": 0}
            with transaction(engine) as connection:
                connection.execute(insert(table(StepDocument)).values(row))
            lost.extend([] if store.has(artifact) else [artifact])

    collector = threading.Thread(target=rest_never)
    makers = [threading.Thread(target=make, args=(contents[number * 20 : number * 20 + 20],)) for number in range(4)]
    for thread in (collector, *makers):
        thread.start()
    for maker in makers:
        maker.join()
    stop.set()
    collector.join()

    assert lost == []
    assert len(list(store.root.glob("??/*"))) == len(contents)
