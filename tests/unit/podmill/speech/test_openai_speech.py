"""Any OpenAI-compatible speech server, against an emulator of OpenAI's and of local ones."""

from typing import Any

import numpy as np
import pytest

from podmill.errors import ConfigurationError, RefusedError, TransientError, VoiceError
from podmill.settings import Settings
from podmill.speech.engine import CheckedEngine, OpenEngine, Receipt, RequestLine, SpeechRequest
from podmill.speech.openai_speech import OpenAISpeech
from podmill.speech.plan import plan
from podmill.speech.voices import resolve_cast
from tests.emulators.running import Running
from tests.unit.podmill.speech.tones import script


def request(text: str, *, voice: str = "af_heart", variant: int = 0) -> SpeechRequest:
    line = RequestLine(index=0, speaker="S1", voice=f"openai:{voice}", text=text)
    return SpeechRequest(key="0" * 64, engine="openai", language="en", variant=variant, lines=(line,))


def at(url: str, **changes: Any) -> OpenAISpeech:
    return OpenAISpeech(Settings(**({"openai_url": url} | changes)))


@pytest.fixture
def local(openai_emulator: Running) -> OpenAISpeech:
    return at(f"{openai_emulator.url}/local/v1")


@pytest.fixture
def official(openai_emulator: Running) -> OpenAISpeech:
    return at(f"{openai_emulator.url}/v1", openai_api_key="emulated-key", openai_speech_own=False)


def test_a_server_of_our_own_speaks(local: OpenAISpeech, openai_emulator: Running) -> None:
    """Without a key; it is told not to stream, and sends WAV in chunks."""
    text = "Welcome back to the show."

    raw = local.speak(request(text, variant=2))

    (logged,) = openai_emulator.requests()
    assert logged["sent"] == {
        "model": "tts-1",
        "input": text,
        "voice": "af_heart",
        "response_format": "wav",
        "speed": 0.92,
        "stream": False,
    }
    assert (raw.suffix, raw.media_type, raw.sample_rate_hz, raw.receipt) == (".wav", "audio/wav", 24000, None)
    assert len(raw.samples) / 24000 == pytest.approx(len(text) / 15, abs=0.3)


@pytest.mark.parametrize(
    ("changes", "suffix"),
    [
        ({"openai_speech_fields": "stream=true"}, ".wav"),
        ({"openai_speech_format": "pcm"}, ".wav"),
        ({"openai_speech_format": "mp3"}, ".mp3"),
    ],
)
def test_whatever_it_sends_is_looked_at(changes: dict[str, str], suffix: str, openai_emulator: Running) -> None:
    """Streamed WAV without a length, samples without a header, another format: the same speech."""
    url = f"{openai_emulator.url}/local/v1"
    whole = at(url).speak(request("The same words."))
    raw = at(url, **changes).speak(request("The same words."))
    assert raw.suffix == suffix
    assert len(raw.samples) / raw.sample_rate_hz == pytest.approx(len(whole.samples) / 24000, abs=0.1)
    if suffix == ".wav":
        np.testing.assert_allclose(raw.samples, whole.samples, atol=1e-4)


def test_further_fields(openai_emulator: Running) -> None:
    """Numbers, booleans and words of the settings go into the request; they are part of what makes a take."""
    url = f"{openai_emulator.url}/local/v1"
    engine = at(url, openai_speech_fields="lang_code=a, seed=7, volume_multiplier=1.5")
    engine.speak(request("Hello."))
    (logged,) = openai_emulator.requests()
    assert logged["sent"].items() >= {"lang_code": "a", "seed": 7, "volume_multiplier": 1.5}.items()
    assert engine.fingerprint(engine.voice("af_heart"), 0) != at(url).fingerprint(engine.voice("af_heart"), 0)
    with pytest.raises(ConfigurationError, match="PODMILL_OPENAI_SPEECH_FIELDS"):
        at(url, openai_speech_fields="nothing").speak(request("Hello."))


def test_a_hosted_one_speaks(official: OpenAISpeech, openai_emulator: Running) -> None:
    """With a key and only the fields that OpenAI knows; the id of the request is kept."""
    raw = official.speak(request("Hello there.", voice="alloy"))
    (logged,) = openai_emulator.requests()
    assert logged["billed"] == len("Hello there.")
    assert raw.receipt == Receipt(logged["request_id"])
    assert official.capabilities.account == "openai"


@pytest.mark.parametrize(
    ("changes", "own"),
    [
        ({"openai_url": "https://api.openai.com/v1"}, False),
        ({"openai_url": "http://127.0.0.1:8880/v1"}, True),
        ({"openai_url": "http://192.168.1.20:8880/v1"}, True),
        ({"openai_url": "http://[::1]:8880/v1"}, True),
        ({"openai_url": "http://8.8.8.8/v1"}, False),
        ({"openai_url": "http://kokoro:8880/v1"}, True),
        ({"openai_url": "http://gpu.lan/v1"}, True),
        ({"openai_url": "http://user:pass@[bad/v1"}, False),
        ({"openai_speech_url": "http://localhost:8880/v1"}, True),
        ({"openai_url": "http://127.0.0.1/v1", "openai_speech_url": "https://tts.example.com/v1"}, False),
        ({"openai_url": "https://llm.example.com/v1", "openai_own": True}, True),
        ({"openai_own": True, "openai_speech_url": "https://tts.example.com/v1"}, False),
        ({"openai_url": "http://127.0.0.1/v1", "openai_speech_own": False}, False),
        ({"openai_speech_own": True}, True),
    ],
)
def test_whose_server_it_is(changes: dict[str, Any], own: bool) -> None:
    """The settings say so, else the address; queue, account and price follow. Nothing is looked up."""
    limits = OpenAISpeech(Settings(**changes)).capabilities
    assert (limits.account is None, limits.queue) == ((True, "synthesis.gpu") if own else (False, "synthesis.api"))
    assert ("of your own" in limits.price_unit) is own


def test_a_key_goes_to_its_own_server_only(openai_emulator: Running) -> None:
    """The key of the language model is not sent to another server; that one has a key of its own."""
    changes: dict[str, Any] = {"openai_speech_url": f"{openai_emulator.url}/v1", "openai_speech_own": False}
    with pytest.raises(ConfigurationError, match="PODMILL_OPENAI_SPEECH_API_KEY"):
        at("https://llm.example.com/v1", openai_api_key="emulated-key", **changes).check()
    assert at("", openai_speech_api_key="emulated-key", **changes).check() is None
    assert at("http://x/v1", openai_api_key="emulated-key", **changes | {"openai_url": f"{openai_emulator.url}/v1/"})


def test_a_check_costs_nothing(local: OpenAISpeech, official: OpenAISpeech, openai_emulator: Running) -> None:
    """It asks for models, and for voices where they are listed."""
    assert isinstance(local, CheckedEngine)
    assert isinstance(local, OpenEngine)
    assert local.check() == {"af_heart", "am_michael", "bf_emma"}
    assert official.check() is None
    assert at(f"{openai_emulator.url}/nothing/v1").check() is None
    with pytest.raises(ConfigurationError, match=r"answers 401: Incorrect API key.*PODMILL_OPENAI_API_KEY"):
        at(f"{openai_emulator.url}/v1", openai_api_key="wrong", openai_speech_own=False).check()
    assert openai_emulator.requests() == []


def test_an_address_where_it_is_not(openai_emulator: Running) -> None:
    """None at all, one where nobody listens, one of another server; what is secret in it is not shown."""
    with pytest.raises(ConfigurationError, match="PODMILL_OPENAI_SPEECH_URL"):
        at("ftp://127.0.0.1").speak(request("Hello."))
    with pytest.raises(TransientError, match=r"^127\.0\.0\.1:9 was not reached") as away:
        at("http://user:secret@127.0.0.1:9/v1").speak(request("Hello."))
    assert "secret" not in str(away.value)
    with pytest.raises(ConfigurationError, match="404"):
        at(openai_emulator.url).speak(request("Hello."))


def test_voices(local: OpenAISpeech) -> None:
    """Mixed voices are voices; what the server does not have it refuses in its own words."""
    assert local.voice("af_bella(2)+af_sky").id == "openai:af_bella(2)+af_sky"
    with pytest.raises(VoiceError, match="is not the name"):
        local.voice("x" * 200)
    with pytest.raises(RefusedError, match="answers 400: Invalid voice: nobody"):
        local.speak(request("Hello.", voice="nobody"))


def test_its_voices_are_cast_only_where_it_is_chosen(settings: Settings) -> None:
    """Whether a server has the voices of the settings is not known until it is asked."""
    usual = settings.model_copy(update={"openai_url": "http://127.0.0.1:8880/v1"})
    chosen = usual.model_copy(update={"engine": "openai"})
    assert not any(member.voice.startswith("openai:") for member in resolve_cast((), usual))
    cast = resolve_cast((), chosen)
    assert [member.voice for member in cast] == ["openai:af_heart", "openai:am_michael"]
    assert [len(each.lines) for each in plan(script("S1: One.", "S1: Two.", "S2: Three."), cast, chosen, {})] == [1] * 3
    with pytest.raises(VoiceError, match="list no voice of 'openai'"):
        resolve_cast((), chosen.model_copy(update={"openai_speech_voices": ()}))
