"""Every answer of ElevenLabs that is not speech: tried again or not, charged or not, and what a person is told."""

import time

import pytest

from podmill.errors import (
    BusyError,
    ConfigurationError,
    InDoubtError,
    PodmillError,
    PolicyError,
    QuotaError,
    RefusedError,
    TooLongError,
    TransientError,
    VoiceError,
)
from podmill.money.purchase import UNCHARGED
from podmill.settings import Settings
from podmill.speech.engine import RequestLine, SpeechRequest, make
from tests.emulators.elevenlabs_answers import ANSWERS
from tests.emulators.running import Running

TEXT = "Who am I to say."
LINE = RequestLine(index=2, speaker="S1", voice="elevenlabs:JBFqnCBsd6RMkjVDRZzb", text=TEXT)
ASKED = SpeechRequest(key="0" * 64, engine="elevenlabs", language="en", lines=(LINE,))

KEY = (ConfigurationError, "PODMILL_ELEVENLABS_API_KEY")
FORMAT = (ConfigurationError, "PODMILL_ELEVENLABS_FORMAT=mp3_44100_128")
MODEL = (ConfigurationError, r"\(model eleven_multilingual_v2\).*PODMILL_ELEVENLABS_MODEL")
ABUSE = (ConfigurationError, "stopped the account.*free plans and behind proxies")
CREDIT = (QuotaError, r"credit at ElevenLabs is used up.*podmill retry")
BUSY = (BusyError, "takes no more requests now")
REFUSED = (RefusedError, r"cannot speak line 3, 'Who am I to say\.'.*Change the passage")
DOUBT = (InDoubtError, r"whether it charged for line 3, 'Who am I to say\.' is not known")

EXPECTED: dict[str, tuple[type[PodmillError], str]] = {
    "text_too_long": (TooLongError, "does not take 16 characters at once: The text is too long"),
    "max_character_limit_exceeded": (TooLongError, "Too many characters"),
    "empty_text": REFUSED,
    "invalid_parameters": REFUSED,
    "invalid_voice_settings": REFUSED,
    "unsupported_model": MODEL,
    "invalid_output_format": FORMAT,
    "model_not_found": MODEL,
    "unauthorized": KEY,
    "invalid_api_key": KEY,
    "needs_authorization": KEY,
    "missing_permissions": KEY,
    "quota_exceeded": CREDIT,
    "quota_exceeded_before": CREDIT,
    "detected_unusual_activity": ABUSE,
    "insufficient_credits": CREDIT,
    "paid_plan_required": (ConfigurationError, "library need a paid plan"),
    "insufficient_permissions": KEY,
    "feature_not_available": KEY,
    "subscription_required": KEY,
    "voice_access_denied": (VoiceError, "Choose a voice of the account"),
    "model_access_denied": MODEL,
    "output_format_not_allowed": FORMAT,
    "output_format_not_allowed_400": FORMAT,
    "content_against_policy": (PolicyError, r"refuses to speak line 3, 'Who am I to say\.'.*Change the passage"),
    "voice_not_found": (VoiceError, "Choose a voice of the account"),
    "not_found": (ConfigurationError, "PODMILL_ELEVENLABS_URL"),
    "already_running": (TransientError, "asks to try again"),
    "fastapi": (RefusedError, "body.text: Field required"),
    "too_many_concurrent_requests": BUSY,
    "concurrent_limit_exceeded": BUSY,
    "rate_limit_exceeded": BUSY,
    "system_busy": BUSY,
    "429_without_a_body": BUSY,
    "internal_error": DOUBT,
    "service_unavailable": DOUBT,
}


def test_every_answer_is_expected() -> None:
    """The table below and the emulator's are of the same answers."""
    assert EXPECTED.keys() == ANSWERS.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_refusal(name: str, elevenlabs_emulator: Running) -> None:
    """Asked once and never charged; what may have been charged is in doubt, and what may pass is tried again."""
    kind, said = EXPECTED[name]
    engine = make(
        "elevenlabs", Settings(elevenlabs_url=elevenlabs_emulator.url, elevenlabs_api_key=elevenlabs_emulator.key)
    )
    elevenlabs_emulator.next(name)

    with pytest.raises(PodmillError, match=said) as caught:
        engine.speak(ASKED)

    assert type(caught.value) is kind
    assert [request["billed"] for request in elevenlabs_emulator.requests()] == [0]
    assert isinstance(caught.value, UNCHARGED) == (kind is not InDoubtError)
    assert caught.value.retryable == issubclass(kind, TransientError)
    assert elevenlabs_emulator.key not in str(caught.value)
    assert engine.find(ASKED, time.time(), lambda _id: False) is None
