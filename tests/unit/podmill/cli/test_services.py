"""What ``podmill doctor`` says of speech servers: whether key, address and voices are right, at no cost."""

from pathlib import Path

import pytest

from podmill.cli.services import services
from podmill.settings import load
from tests.emulators.hosted import environment
from tests.emulators.running import Running


def found(home: Path, **variables: str) -> list[tuple[str, str, str]]:
    settings = load({"PODMILL_HOME": str(home), **variables})[0]
    return [(check.name, check.state, f"{check.found} {check.action}") for check in services(settings)]


def test_what_is_not_set_up_is_not_asked(podmill_home: Path) -> None:
    """No key, no question; the server of a language model need not speak."""
    assert found(podmill_home, OPENAI_BASE_URL="http://127.0.0.1:9/v1") == []


@pytest.mark.parametrize("provider", ["minimax", "azure", "openai"])
def test_a_key_that_works(provider: str, podmill_home: Path, request: pytest.FixtureRequest) -> None:
    """It is tried, and the listed voices are looked for; no request to speak is made."""
    emulator: Running = request.getfixturevalue(f"{provider}_emulator")
    variables = environment(provider, emulator) | {"PODMILL_ENGINE": provider}

    assert found(podmill_home, **variables) == [(f"speech {provider}", "ok", "answers, has 3 voices ")]

    listed = {"minimax": "MINIMAX_VOICES", "azure": "AZURE_SPEECH_VOICES", "openai": "OPENAI_SPEECH_VOICES"}[provider]
    ((_, state, said),) = found(podmill_home, **variables, **{f"PODMILL_{listed}": "nobody=Nobody"})
    assert (state, "no voice nobody" in said) == ("failed", True)
    assert emulator.requests() == []


def test_a_provider_that_lists_no_voices(podmill_home: Path, elevenlabs_emulator: Running) -> None:
    """That it answers is all there is to say."""
    assert found(podmill_home, **elevenlabs_emulator.env) == [("speech elevenlabs", "ok", "answers ")]


def test_a_key_that_does_not(podmill_home: Path, azure_emulator: Running, minimax_emulator: Running) -> None:
    """The setting is named and the key is not shown; an outage is nobody's fault."""
    wrong = {"AZURE_SPEECH_KEY": "wrong-key", "AZURE_SPEECH_BASE_URL": azure_emulator.url}
    away = {"MINIMAX_API_KEY": "emulated-key", "MINIMAX_BASE_URL": "http://127.0.0.1:9"}
    rows = {name: (state, said) for name, state, said in found(podmill_home, **wrong, **away)}
    assert rows["speech azure"][0] == "failed"
    assert "PODMILL_AZURE_SPEECH_KEY" in rows["speech azure"][1]
    assert rows["speech minimax"][0] == "note"
    assert "wrong-key" not in str(rows)
