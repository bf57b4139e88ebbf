"""Episodes that engines speak which hum."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.brief import Brief, Fallback
from models.steps import Step
from pipelines import episode as episodes
from podcast_tasks import cost_check, purchases, running
from podcast_tasks.running import Done, run_step
from podmill.money import purchase
from podmill.settings import current
from podmill.speech.engine import ENGINES
from podmill.store.database import transaction
from tests.humming import CAST, HUMS, LINES, PRICES, Hum
from tests.unit.podmill.speech.tones import script
from tests.writing import tides

CACHES = (current, running.journal, running.keeper, purchases.limiter)

Make = Callable[..., str]


@pytest.fixture(autouse=True)
def _in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, no request comes too late for its turn."""
    monkeypatch.setattr(purchase, "monotonic", lambda: 0.0)


@pytest.fixture
def hums(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, type[Hum]]]:
    """Three engines, free of charge; all go well until they are told otherwise."""
    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES)
    monkeypatch.setenv("PODMILL_PRICES_FILE", str(prices))
    monkeypatch.setenv("PODMILL_GPU_RETRIES", "0")
    monkeypatch.setenv("PODMILL_RETRIES", "0")
    for name, kind in HUMS.items():
        monkeypatch.setitem(ENGINES, name, f"{kind.__module__}:{kind.__name__}")
        monkeypatch.setattr(kind, "next", [None], raising=False)
        monkeypatch.setattr(kind, "asked", [], raising=False)
    yield HUMS
    for cache in CACHES:
        cache.cache_clear()


@pytest.fixture
def made(engine: Engine, show: str, hums) -> Make:
    """An episode whose script is written and whose cost is known."""

    def make(*, order: tuple[str, ...] = ("beta",), policy: str = "whole", queue: str = "synthesis.api") -> str:
        for cache in CACHES:
            cache.cache_clear()
        fallback = Fallback(order=order, policy=policy, degrade=())
        asked = Brief(show=show, topic="tides", cast=CAST, fallback=fallback)
        with transaction(engine) as connection:
            episode_id, _ = episodes.make(
                connection, key="k", brief=asked, title="Tides", account="default", synthesis_queue=queue
            )
        run_step(Step.RESEARCH, episode_id, lambda _: Done(tides()))
        run_step(Step.SCRIPTING, episode_id, lambda _: Done(script(*LINES)))
        run_step(Step.COST_CHECK, episode_id, cost_check.make)
        return episode_id

    return make
