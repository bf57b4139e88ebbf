"""What ``podmill doctor`` says of outside providers: whether keys, models and voices are right, at no cost."""

import threading
from pathlib import Path
from typing import Any

import pytest

from podmill.cli.checks import Check
from podmill.cli.doctor import made
from podmill.cli.services import services
from podmill.settings import load
from tests.emulators.chatting import RunningChat
from tests.emulators.hosted import environment
from tests.emulators.running import Running
from tests.emulators.searching import RunningExa, RunningGemini

AWAY = "http://127.0.0.1:9"


def found(home: Path, **variables: str) -> dict[str, tuple[str, str]]:
    """State and words by the name of each service that is set up, or should be."""
    settings = load({"PODMILL_HOME": str(home), **variables})[0]
    checks = [check() for _, check in services(settings)]
    return {
        check.name: (check.state, f"{check.found} {check.action}".strip()) for check in checks if check.state != "off"
    }


def test_what_is_not_set_up(podmill_home: Path) -> None:
    """No key, no question: each says which setting would set it up. The server of a language model need not speak."""
    settings = load({"PODMILL_HOME": str(podmill_home), "OPENAI_BASE_URL": AWAY})[0]
    checks = {check.name: check for check in (check() for _, check in services(settings))}

    assert {check.state for check in checks.values()} == {"off"}
    assert {*checks} >= {"gemini", "exa", "chat server", "speech elevenlabs", "speech minimax", "speech azure"}
    assert checks["exa"].found == "not set up (PODMILL_EXA_API_KEY)"


def test_what_the_settings_name_must_be_set_up(podmill_home: Path) -> None:
    """A writer or researcher without its key is a failure, not a choice."""
    rows = found(podmill_home, PODMILL_WRITER="openai", PODMILL_RESEARCHERS="exa,google")

    assert {name: state for name, (state, _) in rows.items()} == dict.fromkeys(
        ("gemini", "exa", "chat server"), "failed"
    )
    assert rows["exa"][1].endswith("Set PODMILL_EXA_API_KEY.")


@pytest.mark.parametrize("provider", ["minimax", "azure", "openai"])
def test_speech(provider: str, podmill_home: Path, request: pytest.FixtureRequest) -> None:
    """The key is tried, and the listed voices are looked for; no request to speak is made."""
    emulator: Running = request.getfixturevalue(f"{provider}_emulator")
    variables = environment(provider, emulator) | {"PODMILL_ENGINE": provider}

    assert found(podmill_home, **variables) == {f"speech {provider}": ("ok", "answers, has 3 voices")}

    listed = {"minimax": "MINIMAX_VOICES", "azure": "AZURE_SPEECH_VOICES", "openai": "OPENAI_SPEECH_VOICES"}[provider]
    ((state, said),) = found(podmill_home, **variables, **{f"PODMILL_{listed}": "nobody=Nobody"}).values()
    assert (state, "no voice nobody" in said) == ("failed", True)
    assert emulator.requests() == []


def test_a_speech_server_without_the_model(podmill_home: Path, openai_emulator: Running) -> None:
    """What it has is named."""
    variables = environment("openai", openai_emulator) | {"PODMILL_ENGINE": "openai"}
    rows = found(podmill_home, **variables, PODMILL_OPENAI_SPEECH_MODEL="tts-9")

    state, said = rows["speech openai"]
    assert state == "failed"
    assert said == "answers, has 3 voices, but it has no model tts-9. Set PODMILL_OPENAI_SPEECH_MODEL. It has tts-1."


@pytest.mark.parametrize(
    ("terms", "variables", "state", "said"),
    [
        ({"quota": 100_000}, {}, "ok", "answers, plan creator, 100,000 of 100,000 credits left"),
        ({"quota": 0}, {}, "failed", "the credit of its plan creator is used up"),
        ({"listed": False}, {}, "note", "cannot be read now"),
        ({}, {"PODMILL_ELEVENLABS_MODEL": "eleven_v1"}, "failed", "no model eleven_v1"),
        ({}, {"PODMILL_ELEVENLABS_API_KEY": "wrong-key"}, "failed", "PODMILL_ELEVENLABS_API_KEY"),
    ],
)
def test_elevenlabs(
    terms: dict[str, Any],
    variables: dict[str, str],
    state: str,
    said: str,
    podmill_home: Path,
    elevenlabs_emulator: Running,
) -> None:
    """Plan and credit are shown; nothing is spoken, and the key is not shown."""
    elevenlabs_emulator.reset(**terms)
    ((found_state, words),) = found(podmill_home, **elevenlabs_emulator.env | variables).values()

    assert (found_state, said in words) == (state, True), words
    assert "wrong-key" not in words
    assert not any(request["billed"] for request in elevenlabs_emulator.requests())


@pytest.mark.parametrize(
    ("variables", "state", "said"),
    [
        ({}, "ok", "answers, has gemini-3.8-flash"),
        ({"PODMILL_GEMINI_MODEL": "gemini-1.0-pro"}, "failed", "gemini-1.0-pro"),
        ({"PODMILL_GEMINI_API_KEY": "wrong-key"}, "failed", "PODMILL_GEMINI_API_KEY"),
        ({"PODMILL_GEMINI_URL": AWAY}, "note", "cannot be reached"),
    ],
)
def test_gemini(
    variables: dict[str, str], state: str, said: str, podmill_home: Path, gemini_emulator: RunningGemini
) -> None:
    """Its model is looked up, which costs nothing."""
    found_state, words = found(podmill_home, **gemini_emulator.env | variables)["gemini"]

    assert (found_state, said in words) == (state, True), words
    assert "wrong-key" not in words
    assert gemini_emulator.requests() == []


@pytest.mark.parametrize(
    ("terms", "variables", "state", "said"),
    [
        ({}, {}, "ok", "answers, takes the key"),
        ({"key_last": True}, {}, "note", "only a search shows"),
        ({"broke": True}, {}, "failed", "Buy credit"),
        ({}, {"PODMILL_EXA_API_KEY": "wrong-key"}, "failed", "PODMILL_EXA_API_KEY"),
        ({"key_last": True}, {"PODMILL_EXA_API_KEY": "wrong-key"}, "note", "only a search shows"),
        ({}, {"PODMILL_EXA_URL": AWAY}, "note", "does not answer"),
    ],
)
def test_exa(
    terms: dict[str, Any],
    variables: dict[str, str],
    state: str,
    said: str,
    podmill_home: Path,
    exa_emulator: RunningExa,
) -> None:
    """A key counts as good only where one that cannot be is refused; nothing is searched."""
    exa_emulator.reset(**terms)
    found_state, words = found(podmill_home, **exa_emulator.env | variables)["exa"]

    assert (found_state, said in words) == (state, True), words
    assert "wrong-key" not in words
    assert all(request["outcome"] == "refused" and not request["billed_usd"] for request in exa_emulator.requests())


@pytest.mark.parametrize(
    ("variables", "state", "said"),
    [
        ({}, "ok", "answers, has emulated-llm"),
        ({"PODMILL_OPENAI_CHAT_MODEL": "llama"}, "failed", "no model 'llama'; it has emulated-llm, gpt-emulated"),
        ({"PODMILL_OPENAI_API_KEY": "wrong-key"}, "failed", "PODMILL_OPENAI_API_KEY"),
        ({"PODMILL_OPENAI_URL": AWAY}, "note", "that the server runs"),
    ],
)
def test_a_chat_server(
    variables: dict[str, str], state: str, said: str, podmill_home: Path, chat_emulator: RunningChat
) -> None:
    """Its list of models is asked for, which costs nothing."""
    settings = {f"PODMILL_{name.upper()}": str(value) for name, value in chat_emulator.settings.items()}
    found_state, words = found(podmill_home, **settings | variables)["chat server"]

    assert (found_state, said in words) == (state, True), words
    assert "wrong-key" not in words
    assert chat_emulator.requests() == []


def test_a_key_that_does_not(podmill_home: Path, azure_emulator: Running) -> None:
    """The setting is named and the key is not shown; an outage is nobody's fault."""
    wrong = {"AZURE_SPEECH_KEY": "wrong-key", "AZURE_SPEECH_BASE_URL": azure_emulator.url}
    rows = found(podmill_home, **wrong, MINIMAX_API_KEY="emulated-key", MINIMAX_BASE_URL=AWAY)

    assert rows["speech azure"][0] == "failed"
    assert "PODMILL_AZURE_SPEECH_KEY" in rows["speech azure"][1]
    assert rows["speech minimax"][0] == "note"
    assert "wrong-key" not in str(rows)


def test_a_check_that_hangs_or_breaks_holds_up_nothing() -> None:
    """They are made at the same time; what does not come back in time is said, in its place."""
    never = threading.Event()

    def hangs() -> Check:
        never.wait()
        raise AssertionError

    def breaks() -> Check:
        raise KeyError("secret")

    fine = Check(name="fine", state="ok", found="")
    late, broken, last = made([("late", hangs), ("broken", breaks), ("fine", lambda: fine)], within_s=0.2)
    never.set()

    assert (late.name, late.state) == ("late", "note")
    assert (broken.name, broken.state, "secret" in broken.found) == ("broken", "failed", False)
    assert last == fine
