"""Azure Speech over HTTP, against an emulator that parses its SSML."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.errors import ConfigurationError, RefusedError, TransientError, VoiceError
from podmill.money import prices
from podmill.settings import Settings
from podmill.speech.azure import CHARACTERS_MAX, Azure, _ssml
from podmill.speech.engine import CheckedEngine, OpenEngine, RequestLine, SpeechRequest, priced
from tests.emulators.running import Running

VOICE = "en-US-AvaMultilingualNeural"
HD = "en-US-Ava:DragonHDLatestNeural"


def request(text: str, *, voice: str = VOICE, variant: int = 0) -> SpeechRequest:
    line = RequestLine(index=0, speaker="S1", voice=f"azure:{voice}", text=text)
    return SpeechRequest(key="0" * 64, engine="azure", language="en", variant=variant, lines=(line,))


def at(url: str | None, **changes: object) -> Azure:
    values: dict[str, Any] = {"azure_speech_url": url, "azure_speech_key": "emulated-key"}
    return Azure(Settings(**(values | changes)))


@pytest.fixture
def hosted(azure_emulator: Running) -> Azure:
    return at(azure_emulator.url)


def test_it_speaks(hosted: Azure, azure_emulator: Running) -> None:
    """One request of SSML; the answer is WAV at 24 kHz, and what it bills is counted as Azure counts."""
    text = 'Q & A: is 1 < 2? He said "yes".'

    raw = hosted.speak(request(text))

    (logged,) = azure_emulator.requests()
    assert (logged["text"], logged["voice"]) == (text, VOICE)
    assert 'xml:lang="en-US"' in logged["sent"]
    assert (raw.suffix, raw.media_type, raw.sample_rate_hz) == (".wav", "audio/wav", 24000)
    assert len(raw.samples) / 24000 == pytest.approx(len(text) / 15, abs=0.3)
    assert raw.receipt
    assert (raw.receipt.request_id, raw.receipt.billed) == (logged["request_id"], float(logged["billed"]))


@pytest.mark.parametrize(("text", "variant"), [("Hello there.", 2), ("\u4f60\u597d, Ada.", 0), ("a & b", 1)])
def test_what_it_bills(text: str, variant: int, hosted: Azure, azure_emulator: Running) -> None:
    """Markup within the voice counts, an escaped character as it is written, a Han character twice; so it is held."""
    receipt = hosted.speak(request(text, variant=variant)).receipt
    (logged,) = azure_emulator.requests()
    assert receipt
    assert receipt.billed == logged["billed"] > len(text)
    assert hosted.priced(request(text, variant=variant)) == ("azure", {"character": receipt.billed})


@given(text=st.text(max_size=60), variant=st.integers(0, 5), voice=st.sampled_from((VOICE, HD)))
def test_no_text_is_taken_for_markup(text: str, variant: int, voice: str) -> None:
    """Whatever a text holds, the SSML is XML of one voice, and says the text without what XML cannot hold."""
    speak = ET.fromstring(_ssml(voice, text, variant))  # noqa: S314 - our own
    tags = [each.tag.rpartition("}")[2] for each in speak.iter()]
    assert tags in (["speak", "voice"], ["speak", "voice", "prosody"])
    assert "".join(speak.itertext()) == "".join(each for each in text if _is_xml(each))


def _is_xml(character: str) -> bool:
    number = ord(character)
    if number in (0x9, 0xA, 0x85) or 0x20 <= number <= 0x7E or 0xA0 <= number <= 0xD7FF:
        return True
    return 0xE000 <= number <= 0xFFFD or number >= 0x10000


def test_hd_voices_must_be_listed(azure_emulator: Running) -> None:
    """They cost twice as much, and are cast only when the settings name one; others keep their own price."""
    cheap = at(azure_emulator.url)
    with pytest.raises(VoiceError, match="PODMILL_AZURE_SPEECH_VOICES"):
        cheap.voice(HD)
    dear = at(azure_emulator.url, azure_speech_voices=f"{HD}=Ava")

    spoken = [dear.speak(request("Hello there.", voice=voice)).receipt for voice in (HD, VOICE)]

    units = [unit for voice in (VOICE, HD) for unit in priced(dear, request("Hello there.", voice=voice))[1]]
    costs = [prices.load().find("azure", unit).exact_microusd(12) for unit in units]
    billed = [receipt.billed for receipt in spoken if receipt]
    assert costs[1] == 2 * costs[0]
    assert billed == [12.0, 12.0]


def test_hd_voices_vary_by_temperature(azure_emulator: Running) -> None:
    """They do not take a rate."""
    dear = at(azure_emulator.url, azure_speech_voices=HD)
    dear.speak(request("Hello there.", voice=HD, variant=1))
    (logged,) = azure_emulator.requests()
    assert 'parameters="temperature=0.8"' in logged["sent"]
    assert "prosody" not in logged["sent"]


def test_a_voice_its_region_lacks(hosted: Azure) -> None:
    """Azure calls it a bad request, and says the name."""
    with pytest.raises(RefusedError, match="Unsupported voice xx-YY-Nobody"):
        hosted.speak(request("Hello.", voice="xx-YY-Nobody"))
    with pytest.raises(VoiceError, match="is not the name"):
        hosted.voice('Ava"/><break/>')


def test_a_check_costs_nothing(hosted: Azure, azure_emulator: Running) -> None:
    """It lists the voices of the region, and says what is wrong with a key."""
    assert isinstance(hosted, CheckedEngine)
    assert isinstance(hosted, OpenEngine)
    voices = hosted.check()
    assert voices
    assert {voice.base for voice in hosted.voices()} <= voices
    with pytest.raises(ConfigurationError, match=r"answers 401.*PODMILL_AZURE_SPEECH_KEY"):
        at(azure_emulator.url, azure_speech_key="wrong").check()
    assert azure_emulator.requests() == []


def test_wrong_settings_name_themselves(azure_emulator: Running) -> None:
    """A key that is missing, an address that is none, one where nobody listens."""
    with pytest.raises(ConfigurationError, match="PODMILL_AZURE_SPEECH_KEY"):
        at(azure_emulator.url, azure_speech_key=None).speak(request("Hello."))
    for address in ("ftp://127.0.0.1", "http://127.0.0.1:notaport", f"{azure_emulator.url}/elsewhere"):
        with pytest.raises(ConfigurationError, match="PODMILL_AZURE_SPEECH_URL"):
            at(address).speak(request("Hello."))
    with pytest.raises(TransientError, match="Azure was not reached"):
        at("http://127.0.0.1:9").speak(request("Hello."))


def test_what_it_declares() -> None:
    """Lines are spoken one by one, short enough for ten minutes; voices speak their locale, some more than that."""
    engine = at(None, azure_speech_voices="de-DE-KatjaNeural=Katja,zh-CN-liaoning-XiaobeiNeural")
    assert (engine.capabilities.timestamps, engine.capabilities.max_characters) == (False, CHARACTERS_MAX)
    katja, xiaobei = engine.voices()
    assert (katja.languages, xiaobei.languages) == (("de-DE",), ("zh-CN",))
    assert engine.voice(VOICE).speaks("pl")
