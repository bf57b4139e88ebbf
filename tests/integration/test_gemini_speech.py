"""An episode by Gemini: two voices in one request, spoken by a real voice, its lines found in the sound, and heard."""

from pathlib import Path

import pytest

from podmill import speech, verification
from podmill.context import StepContext
from podmill.settings import load
from podmill.store.local import LocalStore
from tests.emulators.searching import RunningGemini
from tests.unit.podmill.speech.tones import Takes, script

SCRIPT = script(
    "S1: Hello and welcome. Today we have one short question. Why does the sea come and go?",
    "S2: The short answer is the Moon. Its gravity pulls on the oceans, and the water rises.",
    "S1: Does the Sun matter too?",
    "S2: It does. When the two pull along the same line, the tides are larger.",
    "S1: Thank you for listening, and goodbye.",
)

pytestmark = pytest.mark.slow


def test_an_episode(gemini_emulator: RunningGemini, podmill_home: Path, tmp_path: Path) -> None:
    """It is one request, and every line is heard where the recording says, also beside one that is spoken again."""
    gemini_emulator.reset(speech=str(tmp_path / "said"))
    variables = {"PODMILL_HOME": str(podmill_home), "PODMILL_ENGINE": "gemini", **gemini_emulator.env}
    # Emulated by Joe's own voice and a lower one.
    variables["PODMILL_GEMINI_SPEECH_VOICES"] = "Zephyr, Kore"
    context = StepContext(
        load(variables)[0], LocalStore(tmp_path / "store"), Takes(), tmp_path, lambda _share, _words: None
    )
    cast = speech.resolve_cast((), context.settings)
    for variants, texts in (({}, [line.spoken for line in SCRIPT.lines]), ({2: 1}, [SCRIPT.lines[2].spoken])):
        requests = speech.plan(SCRIPT, cast, context.settings, variants=variants)
        takes = [speech.speak(request, context) for request in requests]
        assert gemini_emulator.requests()[-1]["texts"] == texts
    assert len(gemini_emulator.requests()) == 2

    recording = speech.join(SCRIPT, requests, takes, context, requests_made=2, variants=variants)

    assert [line.voice for line in recording.lines] == ["gemini:Zephyr", "gemini:Kore"] * 2 + ["gemini:Zephyr"]
    verdict = verification.verify(SCRIPT, recording, context)
    assert verdict.passed, verdict
