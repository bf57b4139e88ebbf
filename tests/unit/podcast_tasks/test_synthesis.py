"""Synthesis: what is asked for is paid for, what is paid for is used, and neither happens twice."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
import redis
from celery.exceptions import Ignore
from sqlalchemy import select, update

from models.quote import Quote
from models.steps import EpisodeState, Step, StepState
from models.tables import Part, table
from models.verdict import Verdict
from pipelines import episode as episodes
from podcast_tasks import cost_check, purchases, running, synthesis
from podcast_tasks.running import run_step
from podmill import speech
from podmill.money import purses
from podmill.settings import current
from podmill.speech import engine as engines
from podmill.store.database import reading, transaction
from tests.speaking import DOCUMENT, EPISODE, STEP_RUN, due_for
from tests.unit.podmill.money.provider import account, charges, check_sums, states
from tests.unit.podmill.speech.tones import Tones

LINES = ("The sea goes out twice a day.", "Nobody asked it to.", "Still, it comes back.")
GEORGE = "elevenlabs:JBFqnCBsd6RMkjVDRZzb"
PART = table(Part)


@pytest.fixture
def world(engine, show, settings, monkeypatch, tmp_path, broker, elevenlabs_emulator):
    """Settings that lead to the test's servers; local tones cost 0.001 USD a character."""
    own = tmp_path / "prices.toml"
    entry = {"provider": "tones", "unit": "character", "usd": Decimal("0.001"), "source": "test", "date": date.min}
    own.write_text("[[price]]\n" + "".join(f'{name} = "{value}"\n' for name, value in entry.items()))
    env = {
        "PODMILL_DATABASE_URL": settings.database,
        "PODMILL_BROKER_URL": broker,
        "PODMILL_PRICES_FILE": str(own),
        "PODMILL_RETRY_BASE_S": "0.001",
        "PODMILL_ELEVENLABS_TIMEOUT_S": "20",
        **elevenlabs_emulator.env,
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(engines.ENGINES, "tones", f"{Tones.__module__}:Tones")
    monkeypatch.setattr(Tones, "asked", [], raising=False)
    forget()
    yield lambda *lines, voice=GEORGE, step=Step.SYNTHESIS: due_for(
        step, engine, show, f"key {lines}", *(lines or LINES), voice=voice
    )
    forget()


def forget():
    for each in (current, running.journal, running.keeper, purchases.limiter):
        each.cache_clear()


def speak(episode_id):
    run_step(Step.SYNTHESIS, episode_id, synthesis.make)


def row_of(engine, episode_id):
    with reading(engine) as connection:
        return connection.execute(select(EPISODE).where(EPISODE.c.id == episode_id)).one()


def test_what_a_provider_speaks_is_paid_for(engine, world, elevenlabs_emulator):
    """One request for a short script, at what the provider billed, under the provider's own name for it."""
    episode_id = world()
    speak(episode_id)

    (asked,) = elevenlabs_emulator.requests()
    (charge,) = charges(engine)
    assert (charge.state, charge.request_id, charge.quantity) == ("settled", asked["request_id"], asked["billed"])
    assert charge.amount_microusd == asked["billed"] * 80
    assert row_of(engine, episode_id).step == Step.VERIFICATION
    assert row_of(engine, episode_id).requests == 1
    check_sums(engine)


def test_a_local_voice_with_a_price_is_paid_for(engine, world):
    """Each of its requests by itself; the quote is exactly what is spent, and nothing stays reserved of it."""
    episode_id = world(voice="tones:low", step=Step.COST_CHECK)
    run_step(Step.COST_CHECK, episode_id, cost_check.make)
    quote = running.journal().document(episode_id, Step.COST_CHECK, Quote)
    assert account(engine).reserved_microusd == quote.cost_microusd == 1000 * sum(map(len, LINES))
    speak(episode_id)

    assert (len(Tones.asked), states(engine)) == (3, ["settled"] * 3)
    assert (account(engine).spent_microusd, account(engine).reserved_microusd) == (quote.cost_microusd, 0)
    check_sums(engine)


def test_a_free_local_voice_is_no_charge(engine, world):
    """There is nothing to write down."""
    own = current().prices_file
    own.write_text(own.read_text().replace("0.001", "0"))
    speak(world(voice="tones:low"))

    assert (len(Tones.asked), charges(engine)) == (3, [])


def test_a_reply_is_used_by_the_next_worker(engine, world, elevenlabs_emulator, monkeypatch):
    """The first one died after it had paid and before it had a take: the provider is asked once."""

    class CrashError(BaseException):
        pass

    def crash(*_):
        raise CrashError

    episode_id = world()
    with monkeypatch.context() as patched:
        patched.setattr(speech, "keep", crash)
        with pytest.raises(CrashError):
            speak(episode_id)
    assert states(engine) == ["settled"]
    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).values(lease_expires_at=0))
    speak(episode_id)

    assert len(elevenlabs_emulator.requests()) == 1
    assert row_of(engine, episode_id).step == Step.VERIFICATION
    with reading(engine) as connection:
        assert connection.scalar(select(PART.c.requested)) is True


@pytest.mark.parametrize("fault", ["drop", "truncate", "shapeless", "error_billed"])
def test_what_was_billed_and_not_heard_is_found(engine, world, elevenlabs_emulator, fault):
    """The provider's own history has it: the episode is spoken, and billed once."""
    elevenlabs_emulator.next(fault)
    episode_id = world()
    speak(episode_id)

    (asked,) = elevenlabs_emulator.requests()
    assert asked["billed"] == sum(map(len, LINES)) + 2
    assert [(row.state, row.amount_microusd) for row in charges(engine)] == [("settled", asked["billed"] * 80)]
    assert row_of(engine, episode_id).step == Step.VERIFICATION
    check_sums(engine)


def test_a_busy_provider_is_asked_again(engine, world, elevenlabs_emulator, monkeypatch):
    """It charged nothing: the charge is refused, the step parked; the next charge is settled."""
    monkeypatch.setenv("PODMILL_WAIT_IN_WORKER_S", "0")
    current.cache_clear()
    elevenlabs_emulator.next("busy")
    episode_id = world()
    with pytest.raises(Ignore):
        speak(episode_id)
    assert states(engine) == ["refused"]
    assert row_of(engine, episode_id).state == EpisodeState.PARKED

    monkeypatch.setenv("PODMILL_WAIT_IN_WORKER_S", "20")
    forget()
    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).values(not_before=None))
    speak(episode_id)

    assert sorted(states(engine)) == ["refused", "settled"]
    assert [each["billed"] > 0 for each in elevenlabs_emulator.requests()] == [False, True]
    check_sums(engine)


def limit_account(engine, limit_microusd: int | None) -> None:
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "total", limit_microusd)


def test_nothing_is_asked_beyond_the_budget(engine, world, elevenlabs_emulator):
    """The episode is paused, and says what is left and needed; the provider hears nothing. A higher budget wakes it."""
    limit_account(engine, 1000)
    episode_id = world()
    with pytest.raises(Ignore):
        speak(episode_id)

    row = row_of(engine, episode_id)
    assert (row.state, row.error_code) == (EpisodeState.PARKED, "budget_exceeded")
    assert "0.001000 USD left" in row.activity
    assert elevenlabs_emulator.requests() == []
    check_sums(engine)

    limit_account(engine, None)
    assert episodes.resume(current(), owner="account:default") == [episode_id]
    assert episodes.resume(current(), owner="show:other") == []
    speak(episode_id)

    assert states(engine) == ["settled"]
    check_sums(engine)


def test_what_a_policy_refuses_waits_for_a_person(engine, world, elevenlabs_emulator):
    """It is asked for once and nothing is charged; the reason names the lines, and the code what can be done."""
    elevenlabs_emulator.next("policy")
    episode_id = world()
    with pytest.raises(Ignore):
        speak(episode_id)

    row = row_of(engine, episode_id)
    assert (row.state, row.error_code) == (EpisodeState.REVIEW, "policy")
    assert f"one of the lines 1 to 3, {LINES[0]!r} to {LINES[2]!r}" in row.error
    assert states(engine) == ["refused"]
    assert len(elevenlabs_emulator.requests()) == 1
    check_sums(engine)


def test_a_reply_that_is_of_no_use_waits_for_a_person(engine, world, monkeypatch):
    """It is paid for: only a person may pay for another."""

    def silence(*_, **__):
        return speech.RawSpeech(np.zeros(44100, np.float32), 44100, b"nothing", ".mp3", "audio/mpeg", ((0, 1),) * 3)

    monkeypatch.setattr("podmill.speech.elevenlabs.ElevenLabs._raw", silence)
    episode_id = world()
    with pytest.raises(Ignore):
        speak(episode_id)

    row = row_of(engine, episode_id)
    assert (row.state, row.error_code) == (EpisodeState.REVIEW, "held")
    assert "podmill charges discard" in row.error
    assert states(engine) == ["settled"]


def test_another_round_asks_for_what_was_refused(engine, world, elevenlabs_emulator):
    """One line anew, in another variant, paid from the account: the takes of the first round are used again."""
    episode_id = world()
    speak(episode_id)
    verdict = Verdict(
        passed=False, word_accuracy=0.7, threshold=0.94, lines=(), respeak=(1,), round=0, transcriber="test"
    )
    with transaction(engine) as connection:
        document = {"episode_id": episode_id, "step": Step.VERIFICATION, "body": verdict.model_dump_json()}
        connection.execute(DOCUMENT.insert().values(**document, created_at=0))
        again = update(STEP_RUN).where(STEP_RUN.c.step == Step.SYNTHESIS)
        connection.execute(again.values(state=StepState.DUE, round=1))
        connection.execute(update(EPISODE).values(step=Step.SYNTHESIS))
    speak(episode_id)

    first, second = elevenlabs_emulator.requests()
    assert (second["text"], second["seed"]) == (LINES[1], 1)
    assert account(engine).spent_microusd == (first["billed"] + second["billed"]) * 80
    assert row_of(engine, episode_id).requests == 2
    check_sums(engine)


def test_the_limiter_is_asked_for_every_request(world, broker, elevenlabs_emulator):
    """The provider's own limits are counted on the broker, where every worker sees them."""
    speak(world())

    client = redis.Redis.from_url(broker)
    names = [name.decode() for name in client.keys("*elevenlabs*")]
    client.close()
    assert any(name.endswith(":log") for name in names), names
    assert len(elevenlabs_emulator.requests()) == 1
