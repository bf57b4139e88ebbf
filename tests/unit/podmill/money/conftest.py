"""A ledger with one account, and an episode in synthesis."""

import pytest
from sqlalchemy import Engine

from podmill.money import purchase
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from tests.unit.podmill.money.provider import Provider, claim, make_episode


@pytest.fixture(autouse=True)
def _in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, no request comes too late for its turn."""
    monkeypatch.setattr(purchase, "monotonic", lambda: 0.0)


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


@pytest.fixture
def episode_id(engine: Engine, show: str) -> str:
    return make_episode(engine, show, "tides")


@pytest.fixture
def fence(engine: Engine, episode_id: str) -> Fence:
    """The lease of its synthesis step."""
    return claim(engine, episode_id)


@pytest.fixture
def provider() -> Provider:
    return Provider()
