"""Estimates beside what episodes are billed: real writers, planners and prices, on the emulators."""

from pathlib import Path

import pytest

from models.brief import Brief, CastMember
from models.steps import Step
from podmill.forecasting import Forecaster
from podmill.money import prices
from podmill.money.history import History, Sample
from podmill.settings import Settings
from podmill.store.local import LocalStore
from tests.emulators.searching import RunningGemini
from tests.episodes_priced import Wanted, make

EXAMPLE = Path(__file__).parents[4] / "examples" / "prices.toml"
KEYS = {"gemini_api_key": "emulated", "exa_api_key": "emulated", "elevenlabs_api_key": "emulated"}
GEORGE = CastMember(speaker="S1", name="George", voice="elevenlabs:JBFqnCBsd6RMkjVDRZzb")


def test_the_example_price_list(tmp_path: Path) -> None:
    """30 minutes of one voice in standard quality are 2.50 US dollars, most of them for the voice."""
    settings = Settings.model_validate({"home": tmp_path, "prices_file": EXAMPLE, **KEYS})
    brief = Brief(show="mills", topic="Tide mills", minutes=30, cast=(GEORGE,), writer="gemini")
    found = Forecaster(settings, prices.load(EXAMPLE)).estimate(brief)
    steps = {step: f"{found.of_step(step) / 1e6:.2f}" for step in (Step.RESEARCH, Step.SCRIPTING, Step.SYNTHESIS)}
    assert f"{found.likely_microusd / 1e6:.2f}" == "2.50"
    assert steps == {"research": "0.05", "scripting": "0.10", "synthesis": "2.35"}
    assert found.low_microusd < found.likely_microusd < found.high_microusd
    assert found.of_step(Step.VERIFICATION) == found.of_step("storage") == 0


MIXED = (
    Wanted("minimax", "gemini", False, 3, seed=1),
    Wanted("openai", "gemini", False, 4, seed=2),
    Wanted("gemini", "gemini", False, 2, seed=3),
    Wanted("elevenlabs", "gemini", False, 5, "de", seed=4),
    Wanted("elevenlabs", "gemini", False, 5, "ja", seed=2),
    Wanted("gemini", "offline", False, 5, seed=5),
    Wanted("azure", "offline", False, 12, seed=6),
    Wanted("elevenlabs", "ready-made", False, 6, seed=7),
    Wanted("gemini", "ready-made", False, 2, speakers=1),
    Wanted("piper", "offline", False, 3),
)


def test_estimates_are_near_the_charge(tmp_path: Path, gemini_emulator: RunningGemini) -> None:
    """Before there is any history, each is within a tenth. ``benchmarks.estimate_accuracy`` does 125 of them."""
    settings = Settings(home=tmp_path, openai_speech_own=False, **gemini_emulator.settings)
    store = LocalStore(settings.store_dir)
    forecaster = Forecaster(settings, prices.load(), store=store)
    for wanted in MIXED:
        brief = wanted.brief(store)
        expected = forecaster.estimate(brief)
        charged = make(brief, settings, tmp_path).cost_microusd
        assert expected.likely_microusd == pytest.approx(charged, rel=0.1), wanted
        assert expected.low_microusd <= charged <= expected.high_microusd, wanted


def test_what_is_promised_is_not_expected_to_be_exceeded(tmp_path: Path, gemini_emulator: RunningGemini) -> None:
    """A model that writes too little, and is told so until it is enough, stays below the high figure."""
    gemini_emulator.reset(writing={"length": 0.7})
    settings = Settings(home=tmp_path, **gemini_emulator.settings)
    store = LocalStore(settings.store_dir)
    brief = Wanted("piper", "gemini", False, 3).brief(store)
    high = Forecaster(settings, prices.load(), store=store).estimate(brief).high_microusd
    assert make(brief, settings, tmp_path).cost_microusd < high


def test_documents_that_carry_less(tmp_path: Path) -> None:
    """An offline writer tells what there is: the estimate is for that, and says so."""
    settings = Settings(home=tmp_path)
    store = LocalStore(settings.store_dir)
    forecaster = Forecaster(settings, prices.load(), store=store)
    wanted = Wanted("azure", "offline", False, 2).brief(store)
    found = forecaster.estimate(wanted.model_copy(update={"minutes": 30.0}))
    assert found.minutes < 5
    assert "carry about" in found.note


def test_takes_that_are_there_cost_nothing(tmp_path: Path) -> None:
    """A script whose lines are in the cache of takes is not paid for again."""
    settings = Settings(home=tmp_path)
    store = LocalStore(settings.store_dir)
    brief = Wanted("minimax", "ready-made", False, 2).brief(store)
    anew = Forecaster(settings, prices.load(), store=store).estimate(brief)
    half = Forecaster(settings, prices.load(), store=store, there=lambda keys: keys[::2]).estimate(brief)
    assert 0 < half.likely_microusd < 0.7 * anew.likely_microusd
    assert "are spoken already" in half.note
    every = Forecaster(settings, prices.load(), store=store, there=lambda keys: keys).estimate(brief)
    assert every.likely_microusd == 0


def test_history_corrects_the_list(tmp_path: Path) -> None:
    """A model that cost twice what was expected will again; low and high are those of what was seen."""
    settings = Settings(home=tmp_path)
    store = LocalStore(settings.store_dir)
    brief = Wanted("minimax", "gemini", False, 3).brief(store)
    listed = Forecaster(settings, prices.load(), store=store).estimate(brief)
    past = History(Sample(Step.SCRIPTING, "gemini", "harbour", "en", 100, n) for n in (150, 200, 200, 200, 250))
    found = Forecaster(settings, prices.load(), past, store=store).estimate(brief)
    script, told = (next(i for i in each.items if i.step == Step.SCRIPTING) for each in (listed, found))
    assert told.likely_microusd == 2 * script.likely_microusd
    assert told.list_microusd == script.likely_microusd
    assert 1.5 * script.likely_microusd < told.low_microusd < told.likely_microusd < told.high_microusd
    assert told.basis == "5 episodes of harbour"
    assert found.of_step(Step.SYNTHESIS) == listed.of_step(Step.SYNTHESIS)
