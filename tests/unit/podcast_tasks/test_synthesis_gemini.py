"""The synthesis step with a real ledger, and an engine that is paid by what it makes, of use or not."""

from typing import Any

import pytest
from celery.exceptions import Ignore
from sqlalchemy import select

from models.brief import Brief, CastMember
from models.quote import Quote
from models.recording import Recording
from models.steps import EpisodeState, Step
from pipelines import episode as episodes
from podcast_tasks import cost_check, purchases, running, synthesis
from podcast_tasks.journal import EPISODE
from podcast_tasks.running import Done, run_step
from podmill.money.charge import CHARGE
from podmill.settings import current
from podmill.speech import fallback
from podmill.store.database import reading, transaction
from tests.emulators.hosted import environment
from tests.emulators.running import Running
from tests.emulators.searching import RunningGemini
from tests.unit.podmill.speech.tones import script
from tests.writing import tides

GEMINI = ("gemini:Kore", "gemini:Puck")
MINIMAX = ("minimax:English_expressive_narrator", "minimax:English_Graceful_Lady")
CAST = tuple(
    CastMember(speaker=f"S{n}", name=f"N{n}", voice=voice, voices=(other,))
    for n, (voice, other) in enumerate(zip(GEMINI, MINIMAX, strict=True), start=1)
)
TALK = ("S1: Is it the first line?", "S2: It is the second.", "S1: And the third one.")
CACHES = (current, running.journal, running.keeper, purchases.limiter)
INPUT_USD, OUTPUT_USD = 0.50e-6, 6e-6


@pytest.fixture
def episode(engine, settings, show, redis_server, gemini_emulator, minimax_emulator, monkeypatch):
    """Makes an episode of a script, with its quote."""
    variables = {
        "PODMILL_BROKER_URL": redis_server,
        **gemini_emulator.env,
        **environment("minimax", minimax_emulator),
        **({"PODMILL_DATABASE_URL": settings.database} if settings.database_url else {}),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(fallback, "_checked", fallback._Checked())
    for cache in CACHES:
        cache.cache_clear()

    def make(*lines: str) -> str:
        with transaction(engine) as connection:
            asked = Brief(show=show, topic="tides", cast=CAST)
            made, _ = episodes.make(connection, key="k1", brief=asked, title="Tides", account="default")
        run_step(Step.RESEARCH, made, lambda _: Done(tides()))
        run_step(Step.SCRIPTING, made, lambda _: Done(script(*lines)))
        run_step(Step.COST_CHECK, made, cost_check.make)
        return made

    yield make
    for cache in CACHES:
        cache.cache_clear()


def spoken(episode_id: str) -> Recording:
    run_step(Step.SYNTHESIS, episode_id, synthesis.make)
    recording = running.journal().document(episode_id, Step.SYNTHESIS, Recording)
    assert recording
    return recording


def charges(engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(CHARGE).order_by(CHARGE.c.created_at)))


def usage_usd(logged: dict[str, Any]) -> float:
    used = logged["billed"]
    return used["promptTokenCount"] * INPUT_USD + used["candidatesTokenCount"] * OUTPUT_USD


def test_what_it_made_for_nothing_is_on_the_bill(engine, episode, gemini_emulator: RunningGemini):
    """No audio at first: paid, asked for again, and the quote covers an answer; the episode is one request."""
    made = episode(*TALK)
    quote = running.journal().document(made, Step.COST_CHECK, Quote)
    gemini_emulator.next("other")

    recording = spoken(made)

    logged = gemini_emulator.requests()
    assert [line["outcome"] for line in logged] == ["other", "ok"]
    billed_usd = [row.amount_microusd / 1e6 for row in charges(engine)]
    assert billed_usd == pytest.approx([usage_usd(line) for line in logged], abs=1e-6)
    assert {item.provider for item in quote.items if item.step == "synthesis"} == {"gemini:gemini-3.8-flash-lite-tts"}
    assert billed_usd[1] < quote.cost_microusd / 1e6 < 4 * billed_usd[1]
    assert recording.requests == 1
    starts = [line.start_s for line in recording.lines]
    ends = [line.end_s for line in recording.lines]
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))


def test_after_three_in_vain_another_engine_speaks(
    engine, episode, gemini_emulator: RunningGemini, minimax_emulator: Running
):
    """Each of them is paid; nobody asks a fourth time."""
    made = episode(*TALK)
    gemini_emulator.next("other", "words", "silent")

    recording = spoken(made)

    assert [line.voice for line in recording.lines] == [MINIMAX[0], MINIMAX[1], MINIMAX[0]]
    assert len(gemini_emulator.requests()) == 3
    assert [row.amount_microusd > 0 for row in charges(engine)] == [True] * 6


def test_what_its_policy_refuses_is_for_a_person(
    engine, episode, gemini_emulator: RunningGemini, minimax_emulator: Running
):
    """What the blocked reply cost is paid; neither Gemini nor another engine is asked."""
    made = episode(*TALK)
    gemini_emulator.next("blocked_reply")

    with pytest.raises(Ignore):
        spoken(made)

    with reading(engine) as connection:
        ended = connection.execute(select(EPISODE.c.state, EPISODE.c.error_code)).one()
    assert tuple(ended) == (EpisodeState.REVIEW, "policy")
    assert [row.state for row in charges(engine)] == ["settled"]
    assert (len(gemini_emulator.requests()), minimax_emulator.requests()) == (1, [])


def test_speech_that_was_cut_is_asked_for_in_two(engine, episode, gemini_emulator: RunningGemini, monkeypatch):
    """All of it was charged and none is used; each line is heard once."""
    monkeypatch.setattr(synthesis, "SPLIT_CHARACTERS", 40)
    made = episode(*TALK, "S2: Which is not the last.")
    gemini_emulator.next("cut")

    recording = spoken(made)

    assert [len(line["texts"]) for line in gemini_emulator.requests()] == [4, 2, 2]
    assert [row.amount_microusd > 0 for row in charges(engine)] == [True] * 3
    assert [line.index for line in recording.lines] == list(range(4))
