"""MiniMax over HTTP, against an emulator that speaks its wire protocol."""

import json
import socket
from typing import Any

import numpy as np
import pytest

from podmill.context import StepContext
from podmill.errors import BusyError, ConfigurationError, QuotaError, RefusedError, TransientError, VoiceError
from podmill.money import prices
from podmill.settings import Settings
from podmill.speech.engine import CheckedEngine, OpenEngine, Receipt, RequestLine, SpeechRequest
from podmill.speech.minimax import CHARACTERS_MAX, MiniMax
from podmill.speech.reply import reply_of, restore
from podmill.speech.take import keep
from tests.emulators.running import Running

VOICE = "English_Graceful_Lady"


def request(*texts: str, voice: str = VOICE, variant: int = 0, language: str = "en") -> SpeechRequest:
    lines = [RequestLine(index=n, speaker="S1", voice=f"minimax:{voice}", text=text) for n, text in enumerate(texts)]
    return SpeechRequest(key="0" * 64, engine="minimax", language=language, variant=variant, lines=tuple(lines))


def at(url: str, **changes: object) -> MiniMax:
    values: dict[str, Any] = {"minimax_url": url, "minimax_api_key": "emulated-key"}
    return MiniMax(Settings(**(values | changes)))


@pytest.fixture
def hosted(minimax_emulator: Running) -> MiniMax:
    return at(minimax_emulator.url)


def test_it_speaks(hosted: MiniMax, minimax_emulator: Running) -> None:
    """One request, which says model, voice, language and format; the answer is MP3 with what it billed."""
    text = "Welcome back to the show."

    raw = hosted.speak(request(text, variant=1, language="de-DE"))

    (logged,) = minimax_emulator.requests()
    sent = logged["sent"]
    assert (sent["text"], sent["model"], sent["language_boost"]) == (text, "speech-2.8-turbo", "German")
    assert sent["voice_setting"] == {"voice_id": VOICE, "speed": 0.96}
    assert (sent["stream"], sent["subtitle_enable"]) == (False, False)
    assert (raw.suffix, raw.media_type, raw.sample_rate_hz) == (".mp3", "audio/mpeg", 44100)
    assert len(raw.samples) / 44100 == pytest.approx(len(text) / 15, abs=0.3)
    assert raw.receipt == Receipt(logged["request_id"], float(len(text)))


def test_every_line_of_a_request_has_its_time(hosted: MiniMax, context: StepContext) -> None:
    """Lines share a request, joined by line ends; its subtitles tell when each sentence is heard."""
    texts = ("A short one.", "This line has two sentences. It is quite a bit longer than the first.", "End.")
    asked = request(*texts)

    raw = hosted.speak(asked)

    starts = [start / raw.line_times_s[-1][1] for start, _ in raw.line_times_s]
    before = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    np.testing.assert_allclose(starts, before / asked.characters, atol=0.01)
    assert [line.index_in_take for line in keep(asked, raw, context).lines] == [0, 1, 2]


@pytest.mark.parametrize("fault", ["subtitles_missing", "subtitles_other"])
def test_speech_without_its_subtitles_is_speech(
    fault: str, hosted: MiniMax, minimax_emulator: Running, context: StepContext
) -> None:
    """They are no reason to lose what was paid for: its lines are found in the sound."""
    minimax_emulator.next(fault)
    asked = request("One line.", "And then another.")
    raw = hosted.speak(asked)
    assert raw.line_times_s == ()
    first, second = keep(asked, raw, context).lines
    assert first.end_s <= second.start_s


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.json", "file:///etc/passwd", "gopher://x", "//[", 7, None])
def test_subtitles_from_elsewhere_are_not_fetched(url: object, hosted: MiniMax) -> None:
    """Without encryption only from MiniMax itself: what an answer names is not trusted."""
    assert hosted._subtitles(url, "Hello.") is None


def test_a_kept_reply_makes_the_same_speech(hosted: MiniMax, context: StepContext) -> None:
    """What was paid for is decoded again from the store, receipt, times and all."""
    asked = request("Kept before anything else.", "By all means.", voice=f"{VOICE}@1.19")
    raw = hosted.speak(asked)

    restored = restore(asked, json.loads(json.dumps(reply_of(raw, context.store))), context.store)

    np.testing.assert_array_equal(restored.samples, raw.samples)
    assert (restored.receipt, tuple(restored.line_times_s)) == (raw.receipt, tuple(raw.line_times_s))


def test_a_bill_that_it_does_not_state(hosted: MiniMax, minimax_emulator: Running) -> None:
    """Then it costs what was expected."""
    minimax_emulator.next("unbilled")
    receipt = hosted.speak(request("Hello.")).receipt
    assert receipt
    assert receipt.billed is None


def test_its_own_limits(hosted: MiniMax, minimax_emulator: Running) -> None:
    """Too many at once and too little credit cost nothing, and are told apart."""
    minimax_emulator.reset(per_minute=1)
    hosted.speak(request("One."))
    with pytest.raises(BusyError, match="1002"):
        hosted.speak(request("Two."))
    minimax_emulator.reset(quota=3)
    with pytest.raises(QuotaError, match="1008"):
        hosted.speak(request("More than three."))


def test_what_it_checks_itself(hosted: MiniMax) -> None:
    """Its own checks of a body come back as errors that say what to do."""
    with pytest.raises(RefusedError, match="2013: invalid params, text"):
        hosted.speak(request("   "))
    with pytest.raises(VoiceError, match="20132"):
        hosted.speak(request("Hello.", voice="lowercase"))
    with pytest.raises(ConfigurationError, match=r"\(model speech-9\).*PODMILL_MINIMAX_MODEL"):
        at(hosted.settings.minimax_url, minimax_model="speech-9").speak(request("Hello."))


def test_no_text_is_taken_for_a_pause(hosted: MiniMax, minimax_emulator: Running) -> None:
    """What would be an instruction to MiniMax is taken apart."""
    hosted.speak(request("Wait <#99.9#> a moment."))
    (logged,) = minimax_emulator.requests()
    assert "<#" not in logged["sent"]["text"]


def test_a_check_costs_nothing(hosted: MiniMax, minimax_emulator: Running) -> None:
    """It lists the voices of the account, and says what is wrong with a key."""
    assert isinstance(hosted, CheckedEngine)
    assert isinstance(hosted, OpenEngine)
    voices = hosted.check()
    assert voices
    assert {voice.base for voice in hosted.voices()} < voices
    with pytest.raises(ConfigurationError, match="1004"):
        at(minimax_emulator.url, minimax_api_key="wrong").check()
    assert minimax_emulator.requests() == []


def test_what_was_never_sent_is_not_in_doubt() -> None:
    """Nobody listens: nothing was asked, it may be tried again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(TransientError, match=r"MiniMax was not reached \(ConnectError\)"):
        at(f"http://127.0.0.1:{port}").speak(request("Hello."))


def test_wrong_settings_name_themselves(minimax_emulator: Running) -> None:
    """A key that is missing or not sendable, an address that is none, another server's path."""
    url = minimax_emulator.url
    with pytest.raises(ConfigurationError, match=r"is missing\. Set PODMILL_MINIMAX_API_KEY"):
        at(url, minimax_api_key=None).speak(request("Hello."))
    with pytest.raises(ConfigurationError, match="cannot be one") as unsendable:
        at(url, minimax_api_key="sec ret\u00e9").speak(request("Hello."))
    assert "sec" not in str(unsendable.value)
    for address in ("", "ftp://127.0.0.1", "http://127.0.0.1:notaport", f"{url}/elsewhere"):
        with pytest.raises(ConfigurationError, match="PODMILL_MINIMAX_URL"):
            at(address).speak(request("Hello."))


def test_the_group_of_older_keys(minimax_emulator: Running) -> None:
    """It goes into the address, as a value and nothing else."""
    at(minimax_emulator.url, minimax_group_id="1&x=/..").speak(request("Hello."))
    assert len(minimax_emulator.requests()) == 1


def test_what_it_declares() -> None:
    """Limits, price by the kind of model, voices with their own language first, ids that can be none."""
    engine = at("", minimax_model="speech-2.8-turbo", minimax_voices="German_SweetLady=Anna")
    price = {at("", minimax_model=model).capabilities.price_unit for model in ("speech-2.8-hd", "speech-02-turbo")}
    assert {prices.load().find("minimax", unit).exact_microusd(1_000) for unit in price} == {100_000, 60_000}
    assert engine.capabilities.max_characters == CHARACTERS_MAX
    assert engine.capabilities.record_after_s is None
    (anna,) = engine.voices()
    assert (anna.name, anna.languages[0], anna.speaks("en-GB")) == ("Anna", "de", True)
    with pytest.raises(VoiceError, match="is not the id"):
        engine.voice("../x")
