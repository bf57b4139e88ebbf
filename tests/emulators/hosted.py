"""A fixture for each emulated speech server of plain HTTP, and the variables that lead Podmill to it."""

from collections.abc import Iterator

import pytest

from tests.emulators.running import Running, running

HANG = ("--hang-s", "2")


def environment(provider: str, emulator: Running) -> dict[str, str]:
    """The providers' usual variables, for one of them."""
    variables = {
        "minimax": {"MINIMAX_BASE_URL": emulator.url, "MINIMAX_API_KEY": emulator.key},
        "azure": {"AZURE_SPEECH_BASE_URL": emulator.url, "AZURE_SPEECH_KEY": emulator.key},
        "openai": {"OPENAI_BASE_URL": f"{emulator.url}/local/v1"},
    }
    return variables[provider]


@pytest.fixture(scope="session")
def _minimax(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("minimax"), *HANG, provider="minimax") as emulator:
        yield emulator


@pytest.fixture(scope="session")
def _azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("azure"), *HANG, provider="azure") as emulator:
        yield emulator


@pytest.fixture(scope="session")
def _openai_speech(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("openai"), *HANG, provider="openai_speech") as emulator:
        yield emulator


@pytest.fixture
def minimax_emulator(_minimax: Running) -> Running:
    """MiniMax on this machine, speaking in tones, with its usual terms and an empty log."""
    _minimax.reset()
    return _minimax


@pytest.fixture
def azure_emulator(_azure: Running) -> Running:
    """Azure Speech on this machine, likewise."""
    _azure.reset()
    return _azure


@pytest.fixture
def openai_emulator(_openai_speech: Running) -> Running:
    """OpenAI's ``/v1`` and a local server's ``/local/v1`` on this machine, likewise."""
    _openai_speech.reset()
    return _openai_speech
