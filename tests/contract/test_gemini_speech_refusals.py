"""Every answer of Gemini that is not the speech that was asked for: what it is, costs, and what becomes of it."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from podmill.errors import (
    BusyError,
    ConfigurationError,
    InDoubtError,
    PodmillError,
    PolicyError,
    QuotaError,
    RefusedError,
    SpeechError,
    TooLongError,
    TransientError,
    WastedError,
)
from podmill.money.purchase import UNCHARGED
from podmill.settings import Settings
from podmill.speech.engine import RequestLine, SpeechRequest
from podmill.speech.gemini import Gemini
from tests.emulators.gemini_faults import AFTER, BEFORE, BLOCKS, SOUNDS
from tests.emulators.searching import RunningGemini

TEXTS = ("Who am I to say what this is worth?", "Nobody at all, and that is why you were asked.")


@dataclass(frozen=True)
class Case:
    """What Gemini does, and what is made of it."""

    kind: type[PodmillError]
    said: str
    """In the message and what to do next, as a pattern."""
    billed: bool = False
    """Whether it charged."""
    then: type[PodmillError] | None = None
    """What the step is told, where it was charged for nothing of use."""
    after_s: float | None = None

    @property
    def again(self) -> bool:
        """Whether the same request is made anew, a few times: a known fault that passes."""
        return self.then is SpeechError


def wasted(said: str, then: type[PodmillError] = SpeechError) -> Case:
    return Case(WastedError, said, billed=True, then=then)


def lost(said: str = "gave no whole answer") -> Case:
    return Case(InDoubtError, said, billed=True)


TABLE = {
    "minute": Case(BusyError, "takes no more requests now", after_s=36),
    "busy": Case(BusyError, "Resource has been exhausted"),
    "busy_header": Case(BusyError, "Resource has been exhausted", after_s=7),
    "day": Case(QuotaError, "day's quota .* podmill retry"),
    "billing": Case(QuotaError, "Turn billing on"),
    "key": Case(ConfigurationError, "PODMILL_GEMINI_API_KEY"),
    "unauthenticated": Case(ConfigurationError, "PODMILL_GEMINI_API_KEY"),
    "permission": Case(ConfigurationError, "PODMILL_GEMINI_API_KEY"),
    "region": Case(ConfigurationError, "use another key"),
    "retired": Case(ConfigurationError, "gemini-3.8-flash-lite-tts.* may be retired"),
    "moved": Case(ConfigurationError, "PODMILL_GEMINI_URL"),
    "argument": Case(RefusedError, "invalid argument"),
    "with_schema": Case(RefusedError, "not supported"),
    "internal": Case(TransientError, "answers 500"),
    "gateway": Case(TransientError, "answers 502"),
    "overloaded": Case(TransientError, "answers 503"),
    "deadline": Case(TransientError, "answers 504"),
    "hang": lost(),
    "drop": lost(),
    "truncate": lost(),
    "garbled": lost(),
    "shapeless": lost("whether it charged is not known"),
    "blocked_prompt": wasted("PROHIBITED_CONTENT", PolicyError),
    "blocked_reply": wasted("SAFETY", PolicyError),
    "half": wasted("SAFETY", PolicyError),
    "recitation": wasted("RECITATION", PolicyError),
    "spii": wasted("SPII", PolicyError),
    "language": wasted("does not speak the language", RefusedError),
    "cut": wasted("longer than Gemini makes", TooLongError),
    "other": wasted("no audio for one of the lines 1 to 2, 'Who am I"),
    "malformed": wasted("MALFORMED_RESPONSE"),
    "many_calls": wasted("TOO_MANY_TOOL_CALLS"),
    "words": wasted("no audio"),
    "no_samples": wasted("no audio"),
    "brief": wasted("seconds of audio"),
    "silent": wasted("silence"),
    "noise": wasted("no audio .audio/ogg."),
    "strange_rate": wasted("audio at 11 samples a second"),
    "unmetered": wasted("no audio"),
}


@pytest.mark.parametrize("fault", TABLE)
def test_an_answer_that_is_no_speech(fault: str, gemini_emulator: RunningGemini, podmill_home: Path) -> None:
    """It is asked once, and one error says what happened and what to do: charged or not, made anew or not."""
    case = TABLE[fault]
    timeout_s = 1.5 if fault == "hang" else 30.0
    engine = Gemini(Settings(home=podmill_home, gemini_speech_timeout_s=timeout_s, **gemini_emulator.settings))
    lines = tuple(
        RequestLine(index=number, speaker="S1", voice=f"gemini:{voice}", text=text)
        for number, (voice, text) in enumerate(zip(("Kore", "Puck"), TEXTS, strict=True))
    )
    gemini_emulator.next(fault)

    with pytest.raises(PodmillError) as caught:
        engine.speak(SpeechRequest(key="0" * 64, engine="gemini", language="en", lines=lines))

    error = caught.value
    assert type(error) is case.kind
    assert getattr(error, "retry_after_s", None) == case.after_s
    (logged,) = gemini_emulator.requests()
    assert logged["outcome"] == fault
    assert bool(logged["billed"]) is case.billed
    assert isinstance(error, UNCHARGED) is not case.billed
    told = f"{error} "
    if isinstance(error, WastedError):
        assert (type(error.then), error.again) == (case.then, case.again)
        assert error.receipt.billed is None if fault == "unmetered" else error.receipt.billed["input token"] > 0
        told += str(error.then)
    with pytest.raises(AssertionError, match=case.said):
        raise AssertionError(told)
    assert gemini_emulator.key not in json.dumps([told, repr(error.__cause__), repr(error.__context__)])


def test_every_fault_is_in_the_table() -> None:
    """A new one fails this until it says what becomes of it. What is not in it is only slow, or of other replies."""
    assert set(TABLE) == {*BEFORE, *AFTER, *BLOCKS, *SOUNDS} - {"slow", "ungrounded"}
