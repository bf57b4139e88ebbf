"""What an answer of an OpenAI-compatible server that is not speech means.

OpenAI's own body is ``{"error": {"message", "type", "code", "param"}}``, and vLLM's is like it; servers made with
FastAPI send ``{"detail": ...}`` with a text, an object or a list in it; others send plain text. The status decides, and
the code where the status alone does not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

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
from podmill.providers.replies import said, wait_s
from podmill.speech.hosted import Answer

KEY: Final = "PODMILL_OPENAI_API_KEY, or PODMILL_OPENAI_SPEECH_API_KEY for a server of its own"
URL: Final = "PODMILL_OPENAI_SPEECH_URL or PODMILL_OPENAI_URL"
MODEL: Final = "PODMILL_OPENAI_SPEECH_MODEL"

QUOTA: Final = {"insufficient_quota", "billing_hard_limit_reached"}
POLICY: Final = {"content_policy_violation", "content_filter", "moderation_blocked"}
UNKNOWN_MODEL: Final = {"model_not_found", "invalid_model"}


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a body says, whichever shape it has."""

    codes: frozenset[str]
    param: str
    message: str


def error(answer: Answer, passage: str, *, server: str, model: str, secret: str) -> PodmillError:
    """The error that an answer with another status than 200 is.

    Args:
        passage: what was to be spoken, as a message names it.
        server: whose answer it is, for a person.
        model: that was to speak it.
        secret: the key, which must not get into a message even if the answer repeats it.
    """
    status, stated = answer.status, _stated(answer, secret)
    told = f"{server} answers {status}: {stated.message or 'no reason given'}"
    after_s = wait_s(answer.headers.get("retry-after"))
    if stated.codes & QUOTA or status == 402:
        return QuotaError(f"The credit is used up. {told}", action="Buy credit, then run: podmill retry")
    if status == 429:
        return BusyError(told, retry_after_s=after_s)
    if stated.codes & POLICY:
        return PolicyError(
            f"{server} refuses to speak {passage}. {told}",
            action="Change the passage, or choose another engine, and submit the episode again.",
        )
    if status == 409 or status in (500, 502, 503):
        return TransientError(told, retry_after_s=after_s)
    return _for_good(status, stated, told, passage, model)


def words(answer: Answer, secret: str) -> str:
    """What an answer says, for a person."""
    return _stated(answer, secret).message


def _for_good(status: int, stated: _Stated, told: str, passage: str, model: str) -> PodmillError:
    if status in (401, 403):
        return ConfigurationError(told, action=f"Check {KEY}, and what its account allows.")
    if stated.codes & UNKNOWN_MODEL or stated.param == "model":
        return ConfigurationError(
            f"{told} (model {model})", action=f"Check {MODEL}: it may be retired, or not loaded by the server."
        )
    if status == 404 or 300 <= status < 400:
        return ConfigurationError(
            f"{told} (model {model})", action=f"Check {URL}, which ends in /v1 as a rule, and {MODEL}."
        )
    if stated.param == "voice":
        return VoiceError(told, action="Choose a voice that the server has.")
    if 400 <= status < 500 and status not in (408, 499):
        return RefusedError(
            f"The server cannot speak {passage}. {told}",
            action=f"Check the voice and {MODEL}, or change the passage.",
        )
    # Somebody on the way gave up waiting, or the answer makes no sense: speech may have been made.
    return InDoubtError(f"{told} Whether it charged for {passage} is not known.")


def _stated(answer: Answer, secret: str) -> _Stated:
    try:
        body: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = answer.text
    detail = body.get("error", body.get("detail")) if isinstance(body, dict) else body
    if isinstance(detail, list):
        detail = "; ".join(_field(entry) for entry in detail[:3])
    fields: Mapping[str, Any] = detail if isinstance(detail, dict) else {"message": detail}
    codes = [fields.get(name) for name in ("code", "type", "error")]
    param = fields.get("param")
    return _Stated(
        codes=frozenset(code for code in codes if isinstance(code, str)),
        param=param if isinstance(param, str) else "",
        message=said(fields.get("message"), secret),
    )


def _field(entry: object) -> str:
    """An entry of FastAPI's list of what is wrong with a body."""
    if not isinstance(entry, dict):
        return ""
    place = entry.get("loc")
    return f"{'.'.join(map(str, place)) if isinstance(place, list) else ''}: {entry.get('msg', '')}"
