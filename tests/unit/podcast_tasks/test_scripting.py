"""The scripting step with a real ledger and limiter: what a killed worker paid for, the next one uses."""

import pytest
from sqlalchemy import select, update

from models.recording import LineTime, Recording
from models.script import Chapter, Line, Provenance, Script
from models.steps import ChargeState, Step
from models.tables import Show, table
from pipelines import episode as episodes
from podcast_tasks import entries, purchases, running
from podcast_tasks.journal import EPISODE, STEP_RUN
from podcast_tasks.running import Done, Work, run_step
from podcast_tasks.scripting import _rates, make
from podmill.money.charge import CHARGE
from podmill.settings import current
from podmill.store.database import reading, transaction
from tests.dossiers import brief
from tests.emulators.searching import RunningGemini
from tests.writing import tides


class _KilledError(BaseException):
    """Nothing of ours catches it, as nothing catches SIGKILL."""


@pytest.fixture
def episode_id(engine, show, settings, redis_server, gemini_emulator: RunningGemini, monkeypatch):
    if settings.database_url:
        monkeypatch.setenv("PODMILL_DATABASE_URL", settings.database)
    monkeypatch.setenv("PODMILL_BROKER_URL", redis_server)
    for name, value in gemini_emulator.env.items():
        monkeypatch.setenv(name, value)
    for cache in (current, running.journal, running.keeper, purchases.limiter):
        cache.cache_clear()
    asked = brief(show=show, writer="gemini", minutes=1)
    with transaction(engine) as connection:
        made, _ = episodes.make(connection, key="k1", brief=asked, title="Tides", account="default")
    run_step(Step.RESEARCH, made, lambda _: Done(tides()))
    yield made
    for cache in (current, running.journal, running.keeper, purchases.limiter):
        cache.cache_clear()


def free_the_step(engine) -> None:
    """As if the lease of the worker that was killed had run out."""
    with transaction(engine) as connection:
        # Another token as well: this process lives on, and may be about to renew the old one.
        gone = {"lease_expires_at": 0.0, "lease_token": "gone"}
        connection.execute(update(STEP_RUN).values(gone).where(STEP_RUN.c.step == Step.SCRIPTING))


def charges(engine):
    with reading(engine) as connection:
        return connection.execute(select(CHARGE).order_by(CHARGE.c.part)).all()


@pytest.mark.parametrize("dies_after", [1, 2])
def test_a_killed_worker_never_pays_twice(engine, episode_id, gemini_emulator, monkeypatch, dies_after):
    """Killed once its reply was settled: the next worker takes all replies from the ledger and goes on from there."""
    settled = []

    def hit(point: str) -> None:
        if point == "charge:settled":
            settled.append(point)
            if len(settled) == dies_after:
                raise _KilledError

    monkeypatch.setattr("podmill.money.purchase.faults.hit", hit)
    with pytest.raises(_KilledError):
        run_step(Step.SCRIPTING, episode_id, make)
    free_the_step(engine)
    run_step(Step.SCRIPTING, episode_id, make)

    script = running.journal().document(episode_id, Step.SCRIPTING, Script)
    assert script
    assert script.provenance
    asked = gemini_emulator.requests()
    assert len({request["text"] for request in asked}) == len(asked) == script.provenance.calls
    paid = charges(engine)
    assert [charge.state for charge in paid] == [ChargeState.SETTLED] * len(asked)
    assert [charge.part for charge in paid] == list(range(len(asked)))
    assert sum(charge.quantity for charge in paid) == script.provenance.input_tokens + script.provenance.output_tokens
    assert {charge.unit for charge in paid} == {"token"}


def heard(voice: str, rate: float) -> tuple[Script, Recording]:
    """An episode of one line of 2,000 characters that a voice said at a rate."""
    script = Script(
        title="t",
        summary="s",
        language="en",
        chapters=(Chapter(title="c", first_line=0),),
        lines=(Line(index=0, speaker="S1", text="x", spoken="x" * 2000, chapter=0),),
        speakers={"S1": "Joe"},
        writer="gemini:m",
        estimated_s=100,
        provenance=Provenance(
            provider="gemini", model="m", prompts=("rules 1",), calls=1, input_tokens=1, output_tokens=1
        ),
    )
    audio = {"sha256": "0" * 64, "size_bytes": 1}
    line = LineTime(index=0, start_s=0, end_s=2000 / rate, take="t", voice=voice)
    recording = Recording.model_validate(
        {"audio": audio, "sample_rate_hz": 44100, "channels": 1, "duration_s": 100, "lines": (line,), "requests": 1}
    )
    return script, recording


def test_the_pace_of_a_show_is_what_was_heard_before(engine, show, episode_id):
    """Episodes of the show that were published before this one was made; for other voices those of other shows."""
    made = []
    with transaction(engine) as connection:
        other = {"slug": "other", "title": "Other", "guid": "7a024349-ccf0-5f69-a609-6b82873eab3c", "created_at": 1.0}
        connection.execute(table(Show).insert().values(Show.model_validate(other).model_dump() | other))
        for number in range(5):
            asked = brief(show="other" if number > 2 else show, topic=f"Topic {number}")
            each, _ = episodes.make(connection, key=f"p{number}", brief=asked, title="x", account="default")
            made.append(each)
    rates = ((15.0, "joe"), (15.0, "joe"), (30.0, "joe"), (20.0, "joe"), (12.0, "kit"))
    for each, (rate, voice) in zip(made, rates, strict=True):
        script, recording = heard(f"piper:{voice}", rate)
        with transaction(engine) as connection:
            for step, document in ((Step.SCRIPTING, script), (Step.SYNTHESIS, recording)):
                entries.keep_document(connection, each, step, document)
    with transaction(engine) as connection:
        connection.execute(update(EPISODE).where(EPISODE.c.id.in_(made[:2] + made[3:])).values(published_at=5.0))
        connection.execute(update(EPISODE).where(EPISODE.c.id == made[2]).values(published_at=9e12))
    found = []

    def work(given: Work) -> Done:
        found.append(_rates(given))
        return make(given)

    run_step(Step.SCRIPTING, episode_id, work)

    assert found == [{"piper:joe": pytest.approx(15.0), "piper:kit": pytest.approx(12.0)}]


def test_a_plan_goes_by_the_pace_that_was_heard(engine, show, episode_id):
    """Whoever writes the script, paid or not: a voice that was heard before takes as long as it took."""
    asked = brief(show=show, writer="offline", minutes=1)
    planned = []
    for number in range(2):
        with transaction(engine) as connection:
            each, _ = episodes.make(connection, key=f"o{number}", brief=asked, title="x", account="default")
        run_step(Step.RESEARCH, each, lambda _: Done(tides()))
        run_step(Step.SCRIPTING, each, make)
        planned.append(running.journal().document(each, Step.SCRIPTING, Script))
        with transaction(engine) as connection:
            for member in asked.cast:
                past, _ = episodes.make(
                    connection, key=f"{number}{member.voice}", brief=asked, title="x", account="default"
                )
                script, recording = heard(member.voice, 9.0)
                for step, document in ((Step.SCRIPTING, script), (Step.SYNTHESIS, recording)):
                    entries.keep_document(connection, past, step, document)
                connection.execute(update(EPISODE).where(EPISODE.c.id == past).values(published_at=5.0))

    usual, paced = planned
    assert (usual.paced, paced.paced) == (False, True)
    assert paced.estimated_s / paced.characters > 1.3 * usual.estimated_s / usual.characters
