"""The synthesis step with a real ledger: another engine when one fails, two requests where one is too long."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from models.brief import Brief, CastMember
from models.quote import Quote
from models.recording import Recording
from models.steps import ChargeState, Step
from pipelines import episode as episodes
from podcast_tasks import cost_check, purchases, research, running, synthesis
from podcast_tasks.journal import EPISODE, STEP_RUN
from podcast_tasks.running import Done, run_step
from podmill.errors import ConfigurationError, InputError, PodmillError, QuotaError, VoiceError
from podmill.money.charge import CHARGE
from podmill.settings import current
from podmill.speech import fallback
from podmill.store.database import reading, transaction
from tests.emulators.hosted import environment
from tests.emulators.running import Running
from tests.emulators.running import running as started
from tests.unit.podmill.speech.tones import script
from tests.writing import tides

ELEVENLABS = ("elevenlabs:JBFqnCBsd6RMkjVDRZzb", "elevenlabs:21m00Tcm4TlvDq8ikWAM")
MINIMAX = ("minimax:English_expressive_narrator", "minimax:English_Graceful_Lady")
CAST = tuple(
    CastMember(speaker=f"S{n}", name=f"N{n}", voice=voice, voices=(other,))
    for n, (voice, other) in enumerate(zip(ELEVENLABS, MINIMAX, strict=True), start=1)
)
ALONE = tuple(member.model_copy(update={"voices": ()}) for member in CAST)
"""With nobody to speak instead."""
TALK = ("S1: Is it the first line?", "S2: It is the second.", "S1: And the third one.")
CACHES = (current, running.journal, running.keeper, purchases.limiter)


class _KilledError(BaseException):
    """Nothing of ours catches it, as nothing catches SIGKILL."""


@pytest.fixture
def quick(tmp_path: Path):
    """ElevenLabs that says in seconds what takes a person minutes."""
    with started(tmp_path / "quick", "--characters-a-second", "240") as emulator:
        yield emulator


@pytest.fixture
def environ(settings, redis_server, monkeypatch):
    """Sets variables of this process, read anew."""

    def set_all(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        for cache in CACHES:
            cache.cache_clear()

    if settings.database_url:
        monkeypatch.setenv("PODMILL_DATABASE_URL", settings.database)
    set_all(PODMILL_BROKER_URL=redis_server, PODMILL_ELEVENLABS_TIMEOUT_S="20", PODMILL_ELEVENLABS_RECORD_S="0")
    set_all(PODMILL_VOICES_DEGRADE="")
    monkeypatch.setattr(fallback, "_checked", fallback._Checked())
    yield set_all
    for cache in CACHES:
        cache.cache_clear()


@pytest.fixture
def both(environ, elevenlabs_emulator: Running, minimax_emulator: Running):
    environ(**elevenlabs_emulator.env, **environment("minimax", minimax_emulator))


def asked(engine, show, *, cast=CAST) -> str:
    """An episode that has just been submitted."""
    with transaction(engine) as connection:
        brief = Brief(show=show, topic="tides", cast=cast)
        return episodes.make(connection, key="k1", brief=brief, title="Tides", account="default")[0]


def scripted(engine, show, *lines: str, cast=CAST) -> str:
    """An episode whose script is written."""
    made = asked(engine, show, cast=cast)
    run_step(Step.RESEARCH, made, lambda _: Done(tides()))
    run_step(Step.SCRIPTING, made, lambda _: Done(script(*lines)))
    return made


def quoted(engine, show, *lines: str, cast=CAST) -> str:
    made = scripted(engine, show, *lines, cast=cast)
    run_step(Step.COST_CHECK, made, cost_check.make)
    return made


def spoken(episode_id: str) -> Recording:
    run_step(Step.SYNTHESIS, episode_id, synthesis.make)
    recording = running.journal().document(episode_id, Step.SYNTHESIS, Recording)
    assert recording
    return recording


def engines(recording: Recording) -> list[str]:
    return [line.voice.partition(":")[0] for line in recording.lines]


def states(engine) -> list[str]:
    with reading(engine) as connection:
        return sorted(connection.scalars(select(CHARGE.c.state)))


def error_of(engine, episode_id: str) -> str | None:
    with reading(engine) as connection:
        return connection.scalar(select(EPISODE.c.error_code).where(EPISODE.c.id == episode_id))


@pytest.mark.parametrize("fault", ["credits", "permissions", "format"])
def test_the_next_engine_speaks_all_of_it(
    engine, show, both, elevenlabs_emulator: Running, minimax_emulator: Running, fault: str
):
    """One that fails for good midway leaves all lines to the next: the episode has one voice for each speaker."""
    made = quoted(engine, show, *TALK)
    elevenlabs_emulator.next("ok", fault)

    recording = spoken(made)

    assert [line.voice for line in recording.lines] == [MINIMAX[0], MINIMAX[1], MINIMAX[0]]
    assert len(minimax_emulator.requests()) == 3
    assert [request["billed"] > 0 for request in elevenlabs_emulator.requests()] == [True, False]
    assert states(engine) == sorted([ChargeState.SETTLED] * 4 + [ChargeState.REFUSED])


@pytest.mark.parametrize(("retries", "heard"), [("0", "minimax"), ("2", "elevenlabs")])
def test_an_engine_that_fails_for_now_is_tried_again(
    engine, show, both, environ, elevenlabs_emulator: Running, minimax_emulator: Running, retries: str, heard: str
):
    """Only when the last retry fails does another one speak."""
    # The queue of this episode is that of local speech, with retries of its own.
    environ(PODMILL_GPU_RETRIES=retries, PODMILL_GPU_RETRY_S="0.01")
    made = quoted(engine, show, *TALK)
    elevenlabs_emulator.next("ok", "conflict")
    assert engines(spoken(made)) == [heard] * 3


def test_half_of_it_where_that_is_allowed(engine, show, both, environ, elevenlabs_emulator, minimax_emulator):
    """`mixed`: what was spoken stays, the rest is spoken by the next engine."""
    environ(PODMILL_VOICES_FALLBACK="mixed")
    made = quoted(engine, show, *TALK)
    elevenlabs_emulator.next("ok", "credits")
    assert engines(spoken(made)) == ["elevenlabs", "minimax", "minimax"]
    assert len(minimax_emulator.requests()) == 2


@pytest.mark.parametrize(
    ("policy", "cast"), [("never", CAST), ("whole", (CAST[0], CAST[1].model_copy(update={"voices": ()})))]
)
def test_nobody_else(engine, show, both, environ, elevenlabs_emulator, minimax_emulator, policy, cast):
    """`never`, or a speaker without a voice elsewhere: the episode fails with what the engine said."""
    environ(PODMILL_VOICES_FALLBACK=policy)
    made = quoted(engine, show, *TALK, cast=cast)
    elevenlabs_emulator.next("ok", "credits")
    with pytest.raises(QuotaError):
        spoken(made)
    assert error_of(engine, made) == "quota"
    assert minimax_emulator.requests() == []


def test_a_restart_goes_on_with_the_voices_it_has(
    engine, show, both, elevenlabs_emulator, minimax_emulator, monkeypatch
):
    """Killed while the second engine spoke: the next worker does not ask the first one again."""
    made = quoted(engine, show, *TALK)
    elevenlabs_emulator.next("credits")
    points = []

    def hit(point: str) -> None:
        points.append(point)
        if point == "synthesis:part" and points.count(point) == 2:
            raise _KilledError

    monkeypatch.setattr("podcast_tasks.synthesis.faults.hit", hit)
    with pytest.raises(_KilledError):
        run_step(Step.SYNTHESIS, made, synthesis.make)
    with transaction(engine) as connection:
        gone = {"lease_expires_at": 0.0, "lease_token": "gone"}
        connection.execute(update(STEP_RUN).values(gone).where(STEP_RUN.c.step == Step.SYNTHESIS))
    assert engines(spoken(made)) == ["minimax"] * 3
    assert len(elevenlabs_emulator.requests()) == 1
    assert len(minimax_emulator.requests()) == 3


def test_voices_are_checked_before_anything_is_spent(
    engine, show, both, elevenlabs_emulator: Running, minimax_emulator: Running
):
    """A voice that the account does not have is a mistake: it is told, though another engine could speak."""
    elevenlabs_emulator.reset(voices=["21m00Tcm4TlvDq8ikWAM"])
    with pytest.raises(VoiceError, match="JBFqnCBsd6RMkjVDRZzb was not found"):
        quoted(engine, show, *TALK)
    assert elevenlabs_emulator.requests() == minimax_emulator.requests() == []


@pytest.mark.parametrize(("retries", "provider"), [("0", "minimax"), ("2", "elevenlabs")])
def test_a_provider_that_does_not_answer_is_waited_for(
    engine, show, both, environ, elevenlabs_emulator, retries, provider
):
    """It is passed over when the last retry fails, and not before."""
    environ(PODMILL_RETRIES=retries, PODMILL_RETRY_BASE_S="0.01", PODMILL_RETRY_CAP_S="0.01")
    made = scripted(engine, show, *TALK)
    elevenlabs_emulator.reset(outages=2)
    run_step(Step.COST_CHECK, made, cost_check.make)
    quote = running.journal().document(made, Step.COST_CHECK, Quote)
    assert {item.provider for item in quote.items if item.step == "synthesis"} == {provider}


@pytest.mark.parametrize(
    ("variables", "error"),
    [({}, VoiceError), ({"ELEVENLABS_API_KEY": "wrong", "PODMILL_ELEVENLABS_API_KEY": "wrong"}, ConfigurationError)],
)
def test_a_cast_that_cannot_speak_fails_at_the_cost_check(
    engine, show, environ, elevenlabs_emulator: Running, variables: dict[str, str], error: type[PodmillError]
):
    """Without another engine the episode ends there, and its message names what is wrong."""
    environ(**elevenlabs_emulator.env | variables)
    elevenlabs_emulator.reset(voices=["21m00Tcm4TlvDq8ikWAM"])
    made = scripted(engine, show, *TALK, cast=ALONE)
    with pytest.raises(error):
        run_step(Step.COST_CHECK, made, cost_check.make)
    assert elevenlabs_emulator.requests() == []


@pytest.mark.parametrize(
    ("variables", "error"),
    [({}, VoiceError), ({"ELEVENLABS_API_KEY": "wrong", "PODMILL_ELEVENLABS_API_KEY": "wrong"}, ConfigurationError)],
)
def test_nothing_is_searched_for_a_cast_that_cannot_speak(
    engine, show, environ, elevenlabs_emulator: Running, variables: dict[str, str], error: type[PodmillError]
):
    """It ends at the first step, before a search or a script is paid for."""
    environ(**elevenlabs_emulator.env | variables)
    elevenlabs_emulator.reset(voices=["21m00Tcm4TlvDq8ikWAM"])
    made = asked(engine, show, cast=ALONE)
    with pytest.raises(error):
        run_step(Step.RESEARCH, made, research.make)
    assert error_of(engine, made) == error.code


def test_research_does_not_wait_for_a_voice(engine, show, environ, elevenlabs_emulator: Running):
    """Where a provider does not answer now, the cost check asks it again."""
    environ(**elevenlabs_emulator.env)
    elevenlabs_emulator.reset(outages=1)
    made = asked(engine, show, cast=ALONE)
    with pytest.raises(InputError, match="has no sources"):
        run_step(Step.RESEARCH, made, research.make)


LONG = [f"S1: {'It goes on and on like this for quite a while. ' * 8}".strip() for _ in range(16)]
"""6,000 characters."""


def test_a_request_that_is_too_long_becomes_two(engine, show, environ, quick: Running):
    """What the provider refuses for its length is asked for in two, and every line is heard once."""
    environ(**quick.env, PODMILL_ELEVENLABS_MODEL="eleven_flash_v2_5")
    made = quoted(engine, show, *LONG)
    quick.reset(lengths={"eleven_flash_v2_5": 4000})

    recording = spoken(made)

    assert [request["outcome"] for request in quick.requests()] == ["refused", "ok", "ok"]
    assert recording.requests == 2
    assert [line.index for line in recording.lines] == list(range(16))
    assert all(
        before.end_s <= after.start_s for before, after in zip(recording.lines, recording.lines[1:], strict=False)
    )


@pytest.mark.parametrize(("fault", "requests"), [("error", 3), ("error_billed", 1)])
def test_a_long_request_without_an_answer(engine, show, environ, quick: Running, fault: str, requests: int):
    """Found in the history it is used; was it never made, it is asked for in two."""
    environ(**quick.env, PODMILL_ELEVENLABS_MODEL="eleven_flash_v2_5", PODMILL_ELEVENLABS_TIMEOUT_S="2")
    made = quoted(engine, show, *LONG)
    quick.next(fault)

    recording = spoken(made)

    asked = quick.requests()
    assert len(asked) == requests
    assert sum(request["billed"] > 0 for request in asked) == recording.requests
    assert [line.index for line in recording.lines] == list(range(16))


def test_a_model_that_is_not_told_of_neighbours(engine, show, environ, quick: Running):
    """It refuses the first request, free of charge; what it speaks then is the same words, planned without."""
    environ(**quick.env, PODMILL_ELEVENLABS_MODEL="eleven_v4")
    quick.reset(lengths={"eleven_v4": 4000}, unstitched=["eleven_v4"])
    made = quoted(engine, show, *LONG)

    recording = spoken(made)

    told = [(request["outcome"], "next_text" in request) for request in quick.requests()]
    assert [outcome for outcome, _ in told] == ["refused", "ok", "ok"]
    assert not any(stitched for _, stitched in told[1:])
    assert states(engine) == [ChargeState.REFUSED, ChargeState.SETTLED, ChargeState.SETTLED]
    assert [line.index for line in recording.lines] == list(range(16))
    assert recording.requests == 2
