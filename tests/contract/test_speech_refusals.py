"""Every answer that is not speech, of every speech server over HTTP: what it is, and what becomes of it."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from podmill.errors import (
    BusyError,
    ConfigurationError,
    InDoubtError,
    PodmillError,
    PolicyError,
    QuotaError,
    RefusedError,
    TransientError,
    VoiceError,
)
from podmill.money.purchase import UNCHARGED
from podmill.settings import Settings
from podmill.speech.engine import RequestLine, SpeechRequest, make
from tests.emulators.running import Running

TEXT = "Who am I to say."
KEY = "emulated-key"


@dataclass(frozen=True)
class Case:
    """What a server does, and what is made of it."""

    fault: str
    kind: type[PodmillError]
    said: str
    """In the message and what to do next, as a pattern."""
    billed: bool = False
    """Whether the server charged for it."""
    after_s: float | None = None

    @property
    def retried(self) -> bool:
        return issubclass(self.kind, TransientError)

    @property
    def charged(self) -> bool:
        """Whether its money stays held: it was charged, or nobody knows."""
        return not issubclass(self.kind, UNCHARGED)


LOST = (
    Case("gateway", InDoubtError, "answers 504", billed=True),
    Case("hang", InDoubtError, "did not arrive whole", billed=True),
    Case("trickle", InDoubtError, "did not arrive whole", billed=True),
    Case("drop", InDoubtError, "did not arrive whole", billed=True),
    Case("truncate", InDoubtError, "did not arrive whole", billed=True),
)

MINIMAX = (
    *LOST,
    Case("shapeless", InDoubtError, "not known", billed=True),
    Case("noise", InDoubtError, "not known", billed=True),
    Case("9999", InDoubtError, "9999: a code that nobody has seen"),
    Case("1000", TransientError, "1000: unknown error"),
    Case("1001", TransientError, "1001: request timeout"),
    Case("1024", TransientError, "1024: internal error"),
    Case("1033", TransientError, "1033: system error"),
    Case("1002", BusyError, "1002: rate limit exceeded"),
    Case("1039", BusyError, "1039: rate limit exceeded"),
    Case("1041", BusyError, "1041: conn limit"),
    Case("1004", ConfigurationError, "PODMILL_MINIMAX_API_KEY"),
    Case("2049", ConfigurationError, "PODMILL_MINIMAX_API_KEY"),
    Case("1008", QuotaError, "podmill retry"),
    Case("1026", PolicyError, "refuses to speak line 3, 'Who am I to say.', the text"),
    Case("1027", PolicyError, "refuses to speak line 3, 'Who am I to say.', the speech"),
    Case("1042", RefusedError, "cannot speak line 3, 'Who am I to say.'"),
    Case("2013", RefusedError, "cannot speak line 3, 'Who am I to say.'"),
    Case("2013_model", ConfigurationError, r"\(model speech-2.8-turbo\)\. The model may be retired.*MINIMAX_MODEL"),
    Case("2037", RefusedError, "cannot speak line 3, 'Who am I to say.'"),
    Case("20132", VoiceError, "Choose a voice"),
    Case("302", ConfigurationError, "PODMILL_MINIMAX_URL"),
    Case("400", RefusedError, "answers 400: Bad Request"),
    Case("401", ConfigurationError, "PODMILL_MINIMAX_API_KEY"),
    Case("403", ConfigurationError, "PODMILL_MINIMAX_API_KEY"),
    Case("404", ConfigurationError, "PODMILL_MINIMAX_URL"),
    Case("429", BusyError, "answers 429: slow down", after_s=7),
    Case("500", TransientError, "answers 500: oops"),
    Case("502", TransientError, "answers 502"),
    Case("503", TransientError, "answers 503", after_s=3),
    Case("echo", TransientError, r"the header was Bearer \*{8}$"),
)

AZURE = (
    *LOST,
    Case("shapeless", InDoubtError, "cannot be used, and is charged", billed=True),
    Case("noise", InDoubtError, "cannot be used, and is charged", billed=True),
    Case("cut", InDoubtError, "cut its speech of line 3, 'Who am I to say.' off after ten minutes", billed=True),
    Case("302", ConfigurationError, "PODMILL_AZURE_SPEECH_URL"),
    Case("400", RefusedError, "cannot speak line 3, 'Who am I to say.'. Azure answers 400: Unsupported voice"),
    Case("401", ConfigurationError, "PODMILL_AZURE_SPEECH_KEY, and that PODMILL_AZURE_SPEECH_REGION"),
    Case("403", QuotaError, "The month's allowance"),
    Case(
        "403_role",
        ConfigurationError,
        "Check the roles, the plan and the month's allowance of PODMILL_AZURE_SPEECH_KEY",
    ),
    Case("404", ConfigurationError, "PODMILL_AZURE_SPEECH_REGION"),
    Case("408", InDoubtError, "answers 408"),
    Case("415", RefusedError, "answers 415"),
    Case("429", BusyError, "answers 429", after_s=36),
    Case("429_bare", BusyError, "answers 429"),
    Case("429_month", QuotaError, "The month's allowance"),
    Case("499", InDoubtError, "answers 499"),
    Case("500", TransientError, "answers 500"),
    Case("502", TransientError, "answers 502: 502 Bad Gateway"),
    Case("503", TransientError, "answers 503", after_s=3),
    Case("504", InDoubtError, "answers 504: Gateway Time-out"),
    Case("echo", RefusedError, r"the key was \*{8}"),
)

OPENAI = (
    *LOST,
    Case("shapeless", InDoubtError, "cannot be used", billed=True),
    Case("noise", InDoubtError, "cannot be used", billed=True),
    Case("words", InDoubtError, "It says: Something went wrong", billed=True),
    Case("bad_request", RefusedError, "cannot speak line 3, 'Who am I to say.'"),
    Case("policy", PolicyError, "refuses to speak line 3, 'Who am I to say.'"),
    Case("key", ConfigurationError, "PODMILL_OPENAI_API_KEY"),
    Case("payment", QuotaError, "podmill retry"),
    Case("region", ConfigurationError, "Country not supported"),
    Case("model", ConfigurationError, r"\(model tts-1\).*PODMILL_OPENAI_SPEECH_MODEL"),
    Case("retired", ConfigurationError, r"\(model tts-1\)\. Check PODMILL_OPENAI_SPEECH_MODEL: it may be retired"),
    Case("voice", VoiceError, "Choose a voice"),
    Case("conflict", TransientError, "answers 409"),
    Case("too_late", InDoubtError, "answers 408"),
    Case("unprocessable", RefusedError, "answers 422"),
    Case("rate", BusyError, "Rate limit reached", after_s=20),
    Case("insufficient", QuotaError, "You exceeded your current quota"),
    Case("error", TransientError, "answers 500"),
    Case("bad_gateway", TransientError, "answers 502"),
    Case("overloaded", TransientError, "answers 503", after_s=5),
    Case("redirect", ConfigurationError, "PODMILL_OPENAI_SPEECH_URL or PODMILL_OPENAI_URL"),
    Case("echo", RefusedError, r"the key was \*{8}"),
)

LOCAL = (
    Case("gateway", TransientError, "answers 504"),
    Case("hang", TransientError, "did not arrive whole"),
    Case("trickle", TransientError, "did not arrive whole"),
    Case("drop", TransientError, "did not arrive whole"),
    Case("truncate", TransientError, "did not arrive whole"),
    Case("shapeless", TransientError, "cannot be used"),
    Case("noise", TransientError, "cannot be used"),
    Case("words", TransientError, "It says: Something went wrong"),
    Case("text_400", RefusedError, "answers 400: Invalid voice"),
    Case("text_404", ConfigurationError, "answers 404: model is not downloaded.*PODMILL_OPENAI_SPEECH_MODEL"),
    Case("text_500", TransientError, "answers 500: CUDA out of memory"),
    Case("text_503", TransientError, "answers 503: loading model"),
    Case("detail_text", ConfigurationError, "is not installed locally.*PODMILL_OPENAI_SPEECH_MODEL"),
    Case("detail_object", ConfigurationError, "Unsupported model: tts-9.*PODMILL_OPENAI_SPEECH_MODEL"),
    Case("detail_fields", RefusedError, "body.voice: Field required"),
    Case("vllm", RefusedError, "Unknown voice"),
    Case("vllm_404", ConfigurationError, "The model `tts-9` does not exist.*PODMILL_OPENAI_SPEECH_MODEL"),
    Case("vllm_500", TransientError, "answers 500: EngineCore died"),
    Case("kokoro_400", RefusedError, "Voice 'nobody' not found"),
    Case("kokoro_403", ConfigurationError, "answers 403: Local voice saving is disabled"),
    Case("kokoro_500", TransientError, "answers 500: Failed to generate audio"),
    Case("localai", TransientError, "answers 500: could not load model"),
)


def settings(provider: str, emulator: Running, timeout_s: float) -> Settings:
    """That lead to an emulator."""
    values: dict[str, dict[str, Any]] = {
        "minimax": {"minimax_url": emulator.url, "minimax_api_key": KEY, "minimax_timeout_s": timeout_s},
        "azure": {"azure_speech_url": emulator.url, "azure_speech_key": KEY, "azure_speech_timeout_s": timeout_s},
        "openai": {
            "openai_url": f"{emulator.url}/v1",
            "openai_api_key": KEY,
            "openai_speech_own": False,
            "openai_speech_voices": "alloy",
            "openai_speech_timeout_s": timeout_s,
        },
        "local": {"openai_url": f"{emulator.url}/local/v1", "openai_speech_timeout_s": timeout_s},
    }
    return Settings(**values[provider])


def cases() -> list[Any]:
    tables = {"minimax": MINIMAX, "azure": AZURE, "openai": OPENAI, "local": LOCAL}
    return [pytest.param(name, case, id=f"{name}-{case.fault}") for name, table in tables.items() for case in table]


@pytest.mark.parametrize(("provider", "case"), cases())
def test_an_answer_that_is_no_speech(provider: str, case: Case, request: pytest.FixtureRequest) -> None:
    """It is asked once, and one error says what happened and what to do: tried again or not, charged or not.

    What a server charged for is never called uncharged, unless it is our own, and the key is in no message.
    """
    emulator: Running = request.getfixturevalue(
        {"local": "openai_emulator", "openai": "openai_emulator"}.get(provider, f"{provider}_emulator")
    )
    timeout_s = 0.5 if case.fault in ("hang", "trickle") else 30.0
    engine = make("openai" if provider == "local" else provider, settings(provider, emulator, timeout_s))
    line = RequestLine(index=2, speaker="S1", voice=engine.voices()[0].id, text=TEXT)
    emulator.next(case.fault)

    with pytest.raises(PodmillError, match=case.said) as caught:
        engine.speak(SpeechRequest(key="0" * 64, engine=engine.name, language="en", lines=(line,)))

    error = caught.value
    assert type(error) is case.kind
    assert error.retryable is case.retried
    assert getattr(error, "retry_after_s", None) == case.after_s
    (logged,) = emulator.requests()
    assert logged["outcome"] == case.fault
    assert (logged["billed"] > 0) is case.billed
    assert case.charged or not case.billed
    assert KEY not in json.dumps([str(error), repr(error.__cause__), repr(error.__context__)])
