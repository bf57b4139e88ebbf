"""Answers of ElevenLabs that are not speech: every shape they come in, and what each means."""

import time
from email.utils import formatdate
from typing import Any, Final

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
from podmill.speech.elevenlabs_refusals import UNSAID, Asked, count, error, read, retry_after_s
from tests.emulators.elevenlabs_answers import ANSWERS


def meaning(status: int, body: object, **headers: str) -> PodmillError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = Asked("line 7, 'What is said.'", 13, "eleven_v3")
    return error(read(status, named, body, secret="sk_secret"), asked)


def current(code: str, message: str = "So it is.", kind: str = "some_error") -> dict[str, Any]:
    return {"detail": {"type": kind, "code": code, "status": code, "message": message, "param": None}}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "text_too_long", TooLongError),
        (400, "invalid_voice_settings", RefusedError),
        (400, "unsupported_model", ConfigurationError),
        (400, "model_not_found", ConfigurationError),
        (401, "unauthorized", ConfigurationError),
        (401, "detected_unusual_activity", ConfigurationError),
        (401, "quota_exceeded", QuotaError),
        (402, "insufficient_credits", QuotaError),
        (402, "paid_plan_required", ConfigurationError),
        (403, "content_against_policy", PolicyError),
        (403, "output_format_not_allowed", ConfigurationError),
        (403, "voice_access_denied", VoiceError),
        (404, "voice_not_found", VoiceError),
        (404, "anything", ConfigurationError),
        (307, "anything", ConfigurationError),
        (408, "anything", InDoubtError),
        (409, "already_running", TransientError),
        (422, "anything", RefusedError),
        (429, "anything", BusyError),
        (429, "concurrent_limit_exceeded", BusyError),
        (500, "internal_error", InDoubtError),
        (502, "anything", InDoubtError),
        (503, "service_unavailable", InDoubtError),
        (503, "system_busy", BusyError),
        (200, "anything", InDoubtError),
    ],
)
def test_what_a_code_means(status: int, code: str, kind: type[PodmillError]) -> None:
    """The code decides, then the status; what may have been charged is in doubt."""
    assert type(meaning(status, current(code))) is kind


@pytest.mark.parametrize("name", ANSWERS)
def test_every_code_in_every_shape(name: str) -> None:
    """Present and former shape mean the same; without a code it is the status that decides, and nothing gets free."""
    status, body = ANSWERS[name]
    meant = type(meaning(status, body))
    detail = body.get("detail")
    if isinstance(detail, dict):
        code, said = detail.get("code") or detail["status"], detail["message"]
        for shape in ({"status": code, "message": said}, {"type": "x", "code": code, "status": code, "message": said}):
            assert type(meaning(status, {"detail": shape})) is meant
    plain = type(meaning(status, {"detail": "So it is."}))
    page = type(meaning(status, "<html><title>So it is</title></html>"))
    assert plain is page is BY_STATUS[status]


BY_STATUS: Final = {
    400: RefusedError,
    401: ConfigurationError,
    402: ConfigurationError,
    403: ConfigurationError,
    404: ConfigurationError,
    409: TransientError,
    422: RefusedError,
    429: BusyError,
    500: InDoubtError,
    503: InDoubtError,
}
"""What an answer without a code means."""


@pytest.mark.parametrize(
    "body",
    [
        current("quota_exceeded"),
        {"detail": {"status": "quota_exceeded", "message": "So it is."}},
        {"detail": {"type": "quota_exceeded", "message": "So it is."}},
    ],
)
def test_present_and_former_names_of_a_code(body: object) -> None:
    """A code is found under each of the names it had."""
    assert str(meaning(401, body)).startswith("The credit at ElevenLabs is used up: So it is.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detail": "Plainly said."}, "Plainly said."),
        ("<html>\n<b>Bad\x1b gateway</b>", "<html> <b>Bad gateway</b>"),
        ({"detail": [{"loc": ["body", "text"], "msg": "Field required"}, 7]}, "body.text: Field required"),
        ({"detail": {"message": ["no", "text"]}}, UNSAID),
        ({"detail": None}, UNSAID),
        (None, UNSAID),
        ([], UNSAID),
        ({"detail": "x" * 1000}, "x" * 200 + "..."),
    ],
)
def test_whatever_it_says_is_one_short_line(body: object, said: str) -> None:
    """Text, lists and nonsense are read; control characters and what is too long are cut."""
    assert read(400, {}, body, secret="").message == said


def test_the_key_is_never_repeated() -> None:
    """Not even when the provider repeats it."""
    assert "sk_secret" not in str(meaning(401, current("invalid_api_key", "No such key: sk_secret!")))


def test_a_policy_told_in_words_only() -> None:
    """The older answer has no code of its own."""
    message = "We are sorry but text you are trying to use may violate our Terms of Service and has been blocked."
    refused = meaning(403, {"detail": {"status": "blocked", "message": message}})
    assert isinstance(refused, PolicyError)
    assert "line 7, 'What is said.'" in refused.message


def test_how_many_at_once() -> None:
    """From the header, else from the words."""
    words = "Your current subscription is associated with a maximum of 15 concurrent requests (running in parallel)."
    told, both, neither = (
        meaning(429, current("too_many_concurrent_requests", words)),
        meaning(429, current("x", words), maximum_concurrent_requests="5"),
        meaning(429, current("x"), maximum_concurrent_requests="many"),
    )
    assert [each.at_once_max for each in (told, both, neither) if isinstance(each, BusyError)] == [15, 5, None]


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [(None, None), ("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("nan", None), ("inf", None), ("9999", None)],
)
def test_when_to_come_back(value: str | None, wait_s: float | None) -> None:
    """Seconds; what is no number of seconds, or more than an hour, is not believed."""
    assert retry_after_s(value) == wait_s


def test_when_to_come_back_as_a_date() -> None:
    """The header may be a date; one that has passed is now."""
    assert retry_after_s(formatdate(time.time() + 30, usegmt=True)) == pytest.approx(30, abs=2)
    assert retry_after_s(formatdate(time.time() - 30, usegmt=True)) == 0.0


@pytest.mark.parametrize(
    ("value", "number"),
    [("10", 10), ("0", 0), (None, None), ("", None), ("-1", None), ("\u0663", None), ("9" * 99, None)],
)
def test_a_count_in_a_header(value: str | None, number: int | None) -> None:
    """Digits, and not too many of them."""
    assert count(value) == number
