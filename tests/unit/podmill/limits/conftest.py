"""Gates and limiters on both servers: the bundled Valkey and the distribution's Redis."""

from collections.abc import Callable, Iterator

import pytest

from tests.gates import Account, pace


@pytest.fixture(params=["broker", "redis_server"])
def server(request: pytest.FixtureRequest) -> str:
    """URL of an empty server: once Valkey, once Redis."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def account(server: str) -> Iterator[Callable[..., Account]]:
    """Opens the gate of an account with limits of its own."""
    opened: list[Account] = []

    def open_gate(**limits: float) -> Account:
        opened.append(Account(server, pace(**limits)))  # type: ignore[arg-type]
        return opened[-1]

    yield open_gate
    for gate in opened:
        gate.close()
