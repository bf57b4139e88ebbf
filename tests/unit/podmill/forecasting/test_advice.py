"""Advice is what estimating again says."""

from pathlib import Path

from podmill.forecasting import Forecaster, advise
from podmill.money import prices, tiers
from podmill.settings import Settings
from podmill.store.local import LocalStore
from tests.episodes_priced import Wanted


def test_only_what_saves_is_told_and_by_how_much(tmp_path: Path) -> None:
    """Each saving is the difference of two estimates; the largest comes first, and what costs more is not advice."""
    settings = Settings(home=tmp_path)
    store = LocalStore(settings.store_dir)
    forecaster = Forecaster(settings, prices.load(), store=store)
    brief = Wanted("minimax", "gemini", False, 10).brief(store).model_copy(update={"quality": "hd"})
    advice = advise(brief, forecaster, tiers.load(settings), "owner")
    savings = [each.saving_microusd for each in advice]
    by = {each.what: each.saving_microusd for each in advice}
    assert savings == sorted(savings, reverse=True)
    assert min(savings) > 0
    now = forecaster.estimate(brief).likely_microusd
    shorter = forecaster.estimate(brief.model_copy(update={"minutes": 8.0})).likely_microusd
    assert by["8 minutes"] == now - shorter
    assert by["the writer offline"] > 0
    standard = forecaster.estimate(brief.model_copy(update={"quality": "standard"})).likely_microusd
    assert by["standard quality"] == now - standard


def test_a_volume_that_is_near(tmp_path: Path) -> None:
    """Where a price falls beyond a volume, it is said what the episode costs beyond it."""
    listed = tmp_path / "prices.toml"
    listed.write_text(
        '[[price]]\nprovider = "minimax"\nunit = "character"\nusd = "0.0001"\nsource = "test"\ndate = 2026-11-21\n'
        'steps = [{from = 1_000_000, usd = "0.00005"}]\n'
    )
    settings = Settings(home=tmp_path, prices_file=listed, minimax_model="speech-2.8-hd")
    store = LocalStore(settings.store_dir)
    brief = Wanted("minimax", "ready-made", False, 2).brief(store)
    forecaster = Forecaster(settings, prices.load(listed), store=store)
    by = {each.what: each.saving_microusd for each in advise(brief, forecaster)}
    assert by["a volume above 1e+06 characters of minimax a month"] == forecaster.estimate(brief).likely_microusd // 2


def test_what_costs_nothing_needs_no_advice(tmp_path: Path) -> None:
    """A local voice and a script that is there leave nothing to save."""
    settings = Settings(home=tmp_path)
    store = LocalStore(settings.store_dir)
    brief = Wanted("piper", "ready-made", False, 1).brief(store)
    assert advise(brief, Forecaster(settings, prices.load(), store=store), tiers.load(settings), "free") == []
