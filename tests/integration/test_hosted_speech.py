"""An episode by each speech server over HTTP: planned, spoken by an emulator with a real voice, joined, and heard."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.recording import Recording
from models.script import Script
from podmill import speech, verification
from podmill.context import StepContext
from podmill.settings import load
from podmill.speech.engine import make
from podmill.store.local import LocalStore
from tests.emulators.hosted import environment
from tests.emulators.running import Running, running
from tests.unit.podmill.speech.tones import Takes, script

SCRIPT = script(
    "S1: Welcome back to the show, everybody.",
    "S1: In nineteen fifty-six, a ship carried fifty-eight boxes to Texas.",
    "S2: The price dropped by ninety-seven percent in only ten years.",
    "S2: Ships were loaded in hours, and no longer in days.",
    "S1: Thank you for listening, and see you next week.",
)
REQUESTS = {
    "minimax": [(0, 1), (2, 3), (4,)],
    "azure": [(0,), (1,), (2,), (3,), (4,)],
    "openai": [(0,), (1,), (2,), (3,), (4,)],
}
"""Lines of each: those of one voice share a request where the server tells their times."""


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the real voice keeps its sentences: it says each once."""
    return tmp_path_factory.mktemp("said")


@pytest.fixture(params=REQUESTS)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def emulator(provider: str, said: Path, tmp_path: Path) -> Iterator[Running]:
    name = "openai_speech" if provider == "openai" else provider
    with running(tmp_path / "emulator", "--speech", str(said), provider=name) as started:
        yield started


def recorded(
    whole: Script, context: StepContext, variants: dict[int, int] | None = None
) -> tuple[list[tuple[int, ...]], Recording]:
    """The lines of each request, and the recording."""
    cast = speech.resolve_cast((), context.settings)
    requests = speech.plan(whole, cast, context.settings, variants=variants or {})
    takes = [speech.speak(request, context) for request in requests]
    made = speech.join(whole, requests, takes, context, requests_made=len(requests), variants=variants)
    return [tuple(line.index for line in request.lines) for request in requests], made


def test_an_episode(provider: str, emulator: Running, podmill_home: Path, tmp_path: Path) -> None:
    """Each line is asked for once and heard where the recording says; what it costs is what the server counted.

    A line that is spoken again is one request more, and everything else comes from the takes.
    """
    variables = {"PODMILL_HOME": str(podmill_home), "PODMILL_ENGINE": provider, **environment(provider, emulator)}
    context = StepContext(
        load(variables)[0], LocalStore(tmp_path / "store"), Takes(), tmp_path, lambda _share, _words: None
    )
    engine = make(provider, context.settings)
    assert [voice.engine for voice in engine.voices()] == [provider] * 2

    groups, recording = recorded(SCRIPT, context)

    texts = ["\n".join(SCRIPT.lines[index].spoken for index in group) for group in groups]
    logged = emulator.requests()
    assert groups == REQUESTS[provider]
    assert [line["text"] for line in logged] == texts
    assert [line["voice"] for line in logged] == [
        engine.voices()[SCRIPT.lines[group[0]].speaker == "S2"].base for group in groups
    ]
    assert sum(line["billed"] for line in logged) == (0 if provider == "openai" else sum(map(len, texts)))
    starts = [line.start_s for line in recording.lines]
    assert [line.index for line in recording.lines] == list(range(5))
    assert starts == sorted(starts)
    verdict = verification.verify(SCRIPT, recording, context)
    assert verdict.passed, verdict

    again, _ = recorded(SCRIPT, context, {4: 1})

    assert [line["text"] for line in emulator.requests()[len(logged) :]] == [SCRIPT.lines[4].spoken]
    assert again == groups
