"""Fixtures: Gemini, Exa and a web site, each a server process of its own on this machine."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulators.exa import KEY
from tests.emulators.running import Running, running


class RunningProvider(Running):
    """An emulated provider of words, and the settings that lead Podmill to it."""

    name: str = ""

    @property
    def key(self) -> str:
        return KEY

    @property
    def settings(self) -> dict[str, Any]:
        return {f"{self.name}_url": self.url, f"{self.name}_api_key": self.key}

    @property
    def env(self) -> dict[str, str]:
        return {f"PODMILL_{name.upper()}": value for name, value in self.settings.items()}


class RunningGemini(RunningProvider):
    name = "gemini"


class RunningExa(RunningProvider):
    name = "exa"


@pytest.fixture(scope="session")
def _gemini(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGemini]:
    with running(tmp_path_factory.mktemp("gemini"), provider="gemini") as each:
        yield RunningGemini(each.url, each.log, each.process)


@pytest.fixture(scope="session")
def _exa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExa]:
    with running(tmp_path_factory.mktemp("exa"), provider="exa") as each:
        yield RunningExa(each.url, each.log, each.process)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the emulated pages."""
    with running(tmp_path_factory.mktemp("site"), provider="site") as each:
        yield each.url


@pytest.fixture
def gemini_emulator(_gemini: RunningGemini, site: str) -> RunningGemini:
    """Gemini on this machine, which knows the emulated site and whose next answers fail in no way."""
    _gemini.reset(site=site)
    return _gemini


@pytest.fixture
def exa_emulator(_exa: RunningExa, site: str) -> RunningExa:
    """Exa on this machine, likewise."""
    _exa.reset(site=site)
    return _exa
