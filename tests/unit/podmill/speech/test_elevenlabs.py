"""ElevenLabs by its own SDK, against an emulator that speaks its wire protocol."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.brief import CastMember
from podmill.context import StepContext
from podmill.errors import (
    BusyError,
    ConfigurationError,
    InDoubtError,
    MissingExtraError,
    PodmillError,
    PolicyError,
    QuotaError,
    RefusedError,
    TransientError,
    VoiceError,
)
from podmill.settings import Settings
from podmill.speech import elevenlabs as module
from podmill.speech.elevenlabs import CHARACTERS_UNKNOWN, MODELS, ElevenLabs
from podmill.speech.engine import RawSpeech, Receipt, RequestLine, SpeechRequest
from podmill.speech.plan import plan
from podmill.speech.reply import reply_of, restore
from podmill.speech.take import keep
from tests.emulators.running import Running, running
from tests.unit.podmill.speech.tones import script

VOICE = "JBFqnCBsd6RMkjVDRZzb"
TIMEOUT_S = 1.0


def request(*texts: str, voice: str = VOICE, variant: int = 0) -> SpeechRequest:
    lines = [RequestLine(index=n, speaker="S1", voice=f"elevenlabs:{voice}", text=text) for n, text in enumerate(texts)]
    return SpeechRequest(key="0" * 64, engine="elevenlabs", language="en", variant=variant, lines=tuple(lines))


def at(url: str, **changes: object) -> ElevenLabs:
    values: dict[str, Any] = {"elevenlabs_url": url, "elevenlabs_api_key": "emulated-key"}
    return ElevenLabs(Settings(**(values | {"elevenlabs_timeout_s": TIMEOUT_S, "elevenlabs_record_s": 1} | changes)))


@pytest.fixture
def hosted(elevenlabs_emulator: Running) -> ElevenLabs:
    return at(elevenlabs_emulator.url)


def found(engine: ElevenLabs, asked: SpeechRequest, *taken: str) -> RawSpeech | None:
    return engine.find(asked, time.time(), taken.__contains__)


def test_it_speaks(hosted: ElevenLabs, elevenlabs_emulator: Running) -> None:
    """One request, which says model, format and seed; the answer is MP3 at 44.1 kHz with what it cost."""
    text = "Welcome back to the show."

    raw = hosted.speak(request(text, variant=2))

    (logged,) = elevenlabs_emulator.requests()
    assert (logged["text"], logged["voice"], logged["seed"]) == (text, VOICE, 2)
    assert logged["model"] == "eleven_multilingual_v2"
    assert (raw.suffix, raw.media_type, raw.sample_rate_hz) == (".mp3", "audio/mpeg", 44100)
    assert len(raw.samples) / 44100 == pytest.approx(len(text) / 15, abs=0.3)
    assert raw.receipt == Receipt(logged["request_id"], float(len(text)), 0, 10)


def test_how_a_line_is_spoken_again(hosted: ElevenLabs, elevenlabs_emulator: Running) -> None:
    """First with another seed, as its voice is set; then as steadily as the model can."""
    for variant in range(3):
        hosted.speak(request("Still here.", variant=variant))
    asked = elevenlabs_emulator.requests()
    assert [each["seed"] for each in asked] == [0, 1, 2]
    assert [each.get("voice_settings") for each in asked] == [None, None, {"stability": 1.0}]


def test_every_line_of_a_request_has_its_time(hosted: ElevenLabs, context: StepContext) -> None:
    """Lines share a request, joined by line ends; their times come from those of the characters."""
    texts = ("A short one.", "This line is quite a bit longer than the first one was.", "End.")
    asked = request(*texts)

    raw = hosted.speak(asked)

    starts = [start / raw.line_times_s[-1][1] for start, _ in raw.line_times_s]
    before = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    np.testing.assert_allclose(starts, before / asked.characters, atol=0.01)
    assert [line.index_in_take for line in keep(asked, raw, context).lines] == [0, 1, 2]


def test_a_kept_reply_makes_the_same_speech(hosted: ElevenLabs, context: StepContext) -> None:
    """What was paid for is decoded again from the store, receipt and all."""
    asked = request("Kept before anything else.", voice=f"{VOICE}@1.19")
    raw = hosted.speak(asked)

    restored = restore(asked, json.loads(json.dumps(reply_of(raw, context.store))), context.store)

    np.testing.assert_array_equal(restored.samples, raw.samples)
    assert restored.receipt == raw.receipt
    assert keep(asked, restored, context) == keep(asked, raw, context)


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        ("busy", BusyError, "no more requests now: Too many concurrent requests"),
        ("rate", BusyError, "Too many requests in a minute"),
        ("system_busy", BusyError, "The system is busy"),
        ("conflict", TransientError, "running already"),
        ("permissions", ConfigurationError, "lacks text_to_speech.*PODMILL_ELEVENLABS_API_KEY"),
        ("unusual", ConfigurationError, "Unusual activity"),
        ("format", ConfigurationError, "needs another plan"),
        ("credits", QuotaError, "used up: Not enough credits.*podmill retry"),
        ("policy", PolicyError, "refuses to speak line 1, 'Who am I to say.'.*violate our Terms"),
    ],
)
def test_a_refusal_costs_nothing(
    fault: str, kind: type[PodmillError], said: str, hosted: ElevenLabs, elevenlabs_emulator: Running
) -> None:
    """Each refusal is an error that says what to do; it is asked once, and nothing is charged or found."""
    asked = request("Who am I to say.")
    elevenlabs_emulator.next(fault)

    with pytest.raises(PodmillError, match=said) as caught:
        hosted.speak(asked)

    assert type(caught.value) is kind
    assert [line["billed"] for line in elevenlabs_emulator.requests()] == [0]
    assert found(hosted, asked) is None


def test_its_own_limits_are_told(hosted: ElevenLabs, elevenlabs_emulator: Running) -> None:
    """A 429 says how many requests it takes at once, and when to come back."""
    elevenlabs_emulator.reset(at_once=5)
    elevenlabs_emulator.next("busy", "rate")
    with pytest.raises(BusyError) as busy:
        hosted.speak(request("One."))
    with pytest.raises(BusyError) as rate:
        hosted.speak(request("Two."))
    assert (busy.value.at_once_max, busy.value.retry_after_s) == (5, None)
    assert rate.value.retry_after_s == pytest.approx(60, abs=2)


@pytest.mark.parametrize("fault", ["error_billed", "hang", "drop", "truncate", "shapeless"])
def test_a_charge_without_an_answer_is_in_doubt_and_found(
    fault: str, hosted: ElevenLabs, elevenlabs_emulator: Running
) -> None:
    """However the answer is lost, it is asked once; its history has the speech, which costs nothing again."""
    asked = request("First line.", "Second line.")
    elevenlabs_emulator.next(fault)

    with pytest.raises(InDoubtError):
        hosted.speak(asked)
    recovered = found(hosted, asked)

    (logged,) = elevenlabs_emulator.requests()
    assert recovered
    assert recovered.receipt == Receipt(logged["request_id"], 24.0)
    assert len(recovered.samples) / 44100 == pytest.approx(24 / 15, abs=0.3)
    # Its history does not say when each character is heard: the lines are found in the sound.
    assert recovered.line_times_s == ()


@pytest.mark.parametrize("fault", ["error", "maintenance"])
def test_a_server_error_is_in_doubt_until_the_history_is_read(
    fault: str, hosted: ElevenLabs, elevenlabs_emulator: Running
) -> None:
    """A 5xx does not say whether speech was made; the history does."""
    elevenlabs_emulator.next(fault)
    with pytest.raises(InDoubtError, match=r"answered 50[03].*'Hello there.'"):
        hosted.speak(request("Hello there."))
    assert found(hosted, request("Hello there.")) is None


def test_what_was_never_sent_is_not_in_doubt() -> None:
    """Nobody listens: nothing was asked, it may be tried again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(TransientError, match=r"was not reached \(ConnectError\)") as caught:
        at(f"http://127.0.0.1:{port}").speak(request("Hello."))
    assert not isinstance(caught.value, BusyError)


def test_the_newest_that_is_not_taken_is_found(hosted: ElevenLabs, elevenlabs_emulator: Running) -> None:
    """Same text, voice and model; over many pages; never one that belongs to another charge, nor an old one."""
    elevenlabs_emulator.reset(page_max=2)
    asked = request("Said twice.")
    ids = [raw.receipt.request_id for raw in (hosted.speak(asked), hosted.speak(asked)) if raw.receipt]
    for text in ("Other.", "Others."):
        hosted.speak(request(text))
    hosted.speak(request("Said twice.", voice="21m00Tcm4TlvDq8ikWAM"))

    newest, older, none = (found(hosted, asked, *taken) for taken in ((), ids[1:], ids))
    long_ago = hosted.find(asked, time.time() - 3600, lambda _id: False)

    assert newest
    assert older
    assert newest.receipt
    assert older.receipt
    assert {newest.receipt.request_id, older.receipt.request_id} <= set(ids)
    assert older.receipt.request_id == ids[0]
    assert none is None
    assert long_ago is None


def test_a_history_that_cannot_be_read_proves_nothing() -> None:
    """An outage while looking up is an outage, not an absence."""
    with pytest.raises(TransientError, match="not reached"):
        found(at("http://127.0.0.1:9"), request("Hello."))


def test_wrong_keys_are_said_and_not_repeated(elevenlabs_emulator: Running) -> None:
    """A key that is missing, refused or not sendable names its setting; the key itself is in no message."""
    url = elevenlabs_emulator.url
    with pytest.raises(ConfigurationError, match=r"needs a key\. Set PODMILL_ELEVENLABS_API_KEY"):
        at(url, elevenlabs_api_key=None).speak(request("Hello."))
    with pytest.raises(ConfigurationError, match="cannot be one") as unsendable:
        at(url, elevenlabs_api_key="sec ret\u00e9").speak(request("Hello."))
    with pytest.raises(ConfigurationError, match=r"Invalid API key.*PODMILL_ELEVENLABS_API_KEY") as refused:
        at(url, elevenlabs_api_key="secret").speak(request("Hello."))
    assert "sec" not in f"{unsendable.value}{refused.value}"
    assert [(line["outcome"], line["status"]) for line in elevenlabs_emulator.requests()] == [("refused", 401)]


@pytest.mark.parametrize("url", ["", "elevenlabs", "ftp://127.0.0.1", "http://127.0.0.1:notaport"])
def test_an_address_that_is_none(url: str) -> None:
    """Nothing was sent; the setting is named."""
    with pytest.raises(ConfigurationError, match="PODMILL_ELEVENLABS_URL"):
        at(url).speak(request("Hello."))


def test_another_address_than_theirs(elevenlabs_emulator: Running) -> None:
    """A server that knows no such path answers 404: the address is wrong, not the text."""
    with pytest.raises(ConfigurationError, match=r"404.*PODMILL_ELEVENLABS_URL"):
        at(f"{elevenlabs_emulator.url}/elsewhere").speak(request("Hello."))


def test_voices_and_models_it_does_not_have(hosted: ElevenLabs, elevenlabs_emulator: Running) -> None:
    """A voice that is not the account's, one that cannot be, and an unknown model are three clear errors."""
    elevenlabs_emulator.reset(voices=["21m00Tcm4TlvDq8ikWAM"])
    with pytest.raises(VoiceError, match="was not found"):
        hosted.speak(request("Hello."))
    with pytest.raises(VoiceError, match=r"'\.\./history' is not the id"):
        hosted.speak(request("Hello.", voice="../history"))
    elevenlabs_emulator.reset()
    with pytest.raises(ConfigurationError, match="PODMILL_ELEVENLABS_MODEL"):
        at(elevenlabs_emulator.url, elevenlabs_model="eleven_v9").speak(request("Hello."))


def test_credit_that_is_used_up(hosted: ElevenLabs, elevenlabs_emulator: Running) -> None:
    """It comes as a 401, and is told apart from a wrong key."""
    elevenlabs_emulator.reset(quota=10)
    with pytest.raises(QuotaError, match="exceeds your quota of 10"):
        hosted.speak(request("More than ten characters."))


def test_a_text_it_cannot_speak(hosted: ElevenLabs) -> None:
    """What it calls invalid is not tried again."""
    with pytest.raises(RefusedError, match=r"cannot speak line 1, '   ' \(400\): The text is empty"):
        hosted.speak(request("   "))
    with pytest.raises(RefusedError, match=r"\(422\): body.seed: Input should be between"):
        hosted.speak(request("Hello.", variant=-1))


def test_limits_come_from_the_model() -> None:
    """As many characters as its documentation says; the third generation, and what is not known, is not stitched."""
    for model, characters in {**MODELS, "eleven_v9": CHARACTERS_UNKNOWN}.items():
        capabilities = at("", elevenlabs_model=model).capabilities
        assert capabilities.max_characters == characters
        assert capabilities.stitching == (not model.startswith(("eleven_v3", "eleven_v9")))
        assert (capabilities.max_speakers, capabilities.dialogue_characters) == (
            (10, 2000) if model.startswith("eleven_v3") else (1, None)
        )
    assert at("").capabilities.record_after_s == TIMEOUT_S + 1
    assert "mp3_44100_128".startswith("mp3_44100")


def test_other_models_sound_otherwise() -> None:
    """Takes of one model are not taken for those of another; an English model speaks English only."""
    voices = [at("", elevenlabs_model=model) for model in ("eleven_flash_v2", "eleven_v3")]
    prints = [engine.fingerprint(engine.voice(VOICE), 0) for engine in voices]
    assert prints[0] != prints[1]
    assert [engine.voice(VOICE).speaks("de") for engine in voices] == [False, True]


def test_voices_of_the_settings() -> None:
    """Those named are listed with their names; any other id is a voice too."""
    engine = at("", elevenlabs_voices=("JBFqnCBsd6RMkjVDRZzb=George", "21m00Tcm4TlvDq8ikWAM"))
    assert [(voice.id, voice.name) for voice in engine.voices()] == [
        ("elevenlabs:JBFqnCBsd6RMkjVDRZzb", "George"),
        ("elevenlabs:21m00Tcm4TlvDq8ikWAM", "21m00Tcm4TlvDq8ikWAM"),
    ]
    assert engine.voice("EXAVITQu4vr4xnSDxMaL").id == "elevenlabs:EXAVITQu4vr4xnSDxMaL"


def test_without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named, by speaking and by loading ahead."""
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    for act in (lambda: at("http://127.0.0.1:9").speak(request("Hello.")), at("").preload):
        with pytest.raises(MissingExtraError, match=r"podmill\[elevenlabs\]"):
            act()


def test_what_it_can_do_is_said_without_the_sdk(podmill_home: Path) -> None:
    """Queue, limits and voices cost no import of the SDK; speaking loads it."""
    program = (
        "import sys; from podmill.settings import Settings; from podmill.speech import engine;"
        "made = engine.make('elevenlabs', Settings());"
        "print(made.capabilities.queue, len(made.voices()), *{'elevenlabs', 'httpx'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["synthesis.api", "2"]


def test_lines_of_one_voice_share_a_request(settings: Settings) -> None:
    """A monologue is one request, a dialogue one for every change of voice."""
    cast = [
        CastMember(speaker=f"S{n}", name=f"N{n}", voice=f"elevenlabs:{VOICE}{p}") for n, p in ((1, ""), (2, "@1.19"))
    ]
    alone = plan(script("S1: One.", "S1: Two.", "S1: Three."), cast, settings, {})
    both = plan(script("S1: One.", "S1: Two.", "S2: Three."), cast, settings, {})
    assert [len(each.lines) for each in alone] == [3]
    assert [len(each.lines) for each in both] == [2, 1]


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "--at-once", "1", "--latency-s", "0.5") as emulator:
        yield emulator


def test_it_may_be_asked_from_many_threads(limited: Running) -> None:
    """Requests at once share connections; the one too many is refused by the provider and costs nothing."""
    from concurrent.futures import ThreadPoolExecutor

    engine = at(limited.url)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(engine.speak, request(f"Number {n}.")) for n in range(4)]
    errors = [each.exception() for each in asked]

    assert sum(error is None for error in errors) >= 1
    assert all(isinstance(error, BusyError) for error in errors if error)
    assert max(line["at_once"] for line in limited.requests()) == 1
    billed = sum(line["billed"] for line in limited.requests())
    assert billed == len("Number 1.") * sum(error is None for error in errors)


@pytest.mark.parametrize(
    ("model", "yes", "no"),
    [
        ("eleven_flash_v2", "en-GB", "de"),
        ("eleven_multilingual_v2", "de", "hu"),
        ("eleven_flash_v2_5", "hu", "fa"),
        ("eleven_v3", "fa", "xx"),
    ],
)
def test_languages_are_those_of_the_model(model: str, yes: str, no: str) -> None:
    """A voice speaks what its model speaks."""
    voice = at("", elevenlabs_model=model).voice("JBFqnCBsd6RMkjVDRZzb")
    assert (voice.speaks(yes), voice.speaks(no)) == (True, False)
