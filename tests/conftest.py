"""What every test may count on: a clean environment, no network beyond this machine, private servers."""

import importlib.util
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from podmill import settings

pytest_plugins = [
    "tests.effort",
    "tests.emulators.running",
    "tests.emulators.chatting",
    "tests.emulators.hosted",
    "tests.emulators.searching",
    "tests.servers.broker",
    "tests.servers.database",
    "tests.servers.postgres",
]

FOREIGN: Final = (
    *("PODMILL_", "CELERY_", "FLOWER_", "FORKED_BY_MULTIPROCESSING", "C_FORCE_ROOT"),
    *("GOOGLE_", "GEMINI_", "EXA_", "ELEVEN", "MINIMAX_", "AZURE_", "OPENAI_", "ANTHROPIC_", "HF_", "HUGGING"),
    *("AWS_", "S3_", "WORDPRESS_", "PG", "REDIS_", "DATABASE_URL", "BROKER_URL"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
"""Beginnings of the names of variables that change what Podmill or a library it calls would do."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "torch: needs PyTorch; run by `make test-torch`, skipped where it is missing")
    config.addinivalue_line("markers", "kokoro: needs the extra kokoro; run by `make test-torch`")
    config.addinivalue_line("markers", "slow: takes more than ten seconds")
    # Once for the whole run, before any test module is imported: what tests start inherits it.
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if importlib.util.find_spec("torch"):
        return
    for item in items:
        if item.get_closest_marker("torch"):
            item.add_marker(pytest.mark.skip(reason="PyTorch is not installed: make test-torch"))


@pytest.fixture(autouse=True)
def podmill_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """PODMILL_HOME of this test: a folder of its own, never the person's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("PODMILL_HOME", str(home))
    settings.current.cache_clear()
    yield home
    settings.current.cache_clear()


class NetworkBlockedError(AssertionError):
    """A test reached for the network. Not an OSError: code under test must not take it for an outage."""


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return True


def _local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost", socket.gethostname()):
        return True
    if not _is_address(host):
        return False
    address = ipaddress.ip_address(str(host).partition("%")[0])
    return address.is_loopback or address.is_unspecified


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only loopback can be connected to, and only local names are looked up, in this process."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not (_local(host) or _is_address(host)):
            raise NetworkBlockedError(f"A test looked up {host!r}.")
        return look_up(host, *args, **kwargs)

    def guard(name: str) -> Any:
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, *args: Any) -> Any:
            address = args[-1]
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _local(address[0]):
                raise NetworkBlockedError(f"A test called {name} with {address!r}.")
            return real(self, *args)

        return guarded

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guard(name))
