"""A ledger with one account, and an episode in synthesis."""

import pytest
from sqlalchemy import Engine

from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from tests.unit.podmill.money.provider import Provider, claim, make_episode


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
