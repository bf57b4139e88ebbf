"""Settings, a step's context on a real local store, and the humming engine."""

from pathlib import Path

import pytest

from podmill.context import StepContext
from podmill.settings import Settings
from podmill.speech.engine import ENGINES
from podmill.store.local import LocalStore
from tests.unit.podmill.speech.tones import Takes, Tones


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    return Settings(home=podmill_home, synthesis_threads=1)


@pytest.fixture
def context(settings: Settings, tmp_path: Path) -> StepContext:
    temp_dir = tmp_path / "step"
    temp_dir.mkdir()
    return StepContext(settings, LocalStore(settings.store_dir), Takes(), temp_dir, lambda _share, _words: None)


@pytest.fixture
def tones(monkeypatch: pytest.MonkeyPatch) -> type[Tones]:
    """The humming engine, registered."""
    monkeypatch.setitem(ENGINES, "tones", f"{Tones.__module__}:Tones")
    monkeypatch.setattr(Tones, "asked", [], raising=False)
    return Tones
