"""What an answer of an OpenAI-compatible chat server that is no completion means.

Shapes: ``{"error": {message, type, code, param}}`` (OpenAI, vLLM, LM Studio), ``{"error": "text"}`` (Ollama, llama.cpp)
and ``{"detail": ...}`` (servers made with FastAPI). Nobody charges for a refusal; whether a request is charged that
somebody on the way gave up waiting for (408, 499, 504) is not known.
"""

from collections.abc import Mapping
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
)
from podmill.providers.replies import said, wait_s

KEY: Final = "PODMILL_OPENAI_API_KEY"
MODEL: Final = "PODMILL_OPENAI_CHAT_MODEL"
URL: Final = "PODMILL_OPENAI_URL"

QUOTA: Final = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "access_terminated"}
POLICY: Final = {"content_filter", "content_policy_violation", "moderation_blocked", "invalid_prompt"}
UNKNOWN_MODEL: Final = {"model_not_found", "invalid_model", "model_not_available"}
TOO_LONG: Final = {"context_length_exceeded", "string_above_max_length"}
FORM_WORDS: Final = (*("response_format", "json_schema", "json_object", "guided_json", "structured output", "grammar"),)
LIMIT: Final = "max_completion_tokens"
"""What newer models want the limit of a reply to be called; they refuse the name that all others know."""


class FormRefusedError(RefusedError):
    """The server does not know this way of telling it the form of a reply."""


class LimitRefusedError(RefusedError):
    """The server wants the limit of a reply to be called ``LIMIT``."""


def error(
    status: int, body: object, headers: Mapping[str, str], *, about: str, model: str, secret: str
) -> PodmillError:
    """The error that an answer is.

    Args:
        body: decoded JSON, or text.
        headers: names in lower case.
        about: what was to be written, for a person.
        model: that was to write it.
        secret: the key, which must not get into a message even if the answer repeats it.
    """
    stated = _stated(body)
    codes = {code for name in ("code", "type") if isinstance(code := stated.get(name), str)}
    message = said(stated.get("message"), secret)
    told = f"The language model server answers {status}: {message}"
    if codes & POLICY:
        return PolicyError(
            f"The language model refuses to write {about}: {message}",
            action=f"Leave that source out, or name another model in {MODEL} or another writer, and submit it again.",
        )
    if codes & QUOTA or status == 402:
        return QuotaError(told, action="Buy credit or wait for the next period, then run: podmill retry")
    if status == 429:
        return BusyError(told, retry_after_s=wait_s(headers.get("retry-after")))
    param, wait = str(stated.get("param") or ""), wait_s(headers.get("retry-after"))
    unknown = bool(codes & UNKNOWN_MODEL) or param == "model"
    return _configuration(status, told, model, unknown=unknown) or _request(status, told, codes, param + message, wait)


def _configuration(status: int, told: str, model: str, *, unknown: bool) -> PodmillError | None:
    if status in (401, 403):
        return ConfigurationError(told, action=f"Check {KEY}, and what its account allows.")
    if status == 404 or 300 <= status < 400 or (status < 500 and unknown):
        told = f"{told} (model {model})"
        return ConfigurationError(told, action=f"Check {URL} and {MODEL}: the model may be retired, or not be loaded.")
    return None


def _request(status: int, told: str, codes: set[str], words: str, wait: float | None) -> PodmillError:
    if status in (409, 425, 500, 502, 503):
        return TransientError(told, retry_after_s=wait)
    if status in (408, 499) or status >= 500 or status < 300:
        return InDoubtError(f"{told} Whether it charged is not known.")
    long = bool(codes & TOO_LONG) or "context length" in words.lower() or "context size" in words.lower()
    if LIMIT in words and not long and ("unsupported_parameter" in codes or "not supported" in words):
        return LimitRefusedError(told, action=f"Name another model in {MODEL}, or report it.")
    if any(word in words.lower() for word in FORM_WORDS):
        return FormRefusedError(told, action="Set PODMILL_OPENAI_CHAT_FORMAT to object or text.")
    if long:
        return RefusedError(
            told,
            action="Lower PODMILL_OPENAI_CHAT_PROMPT_CHARS or PODMILL_OPENAI_CHAT_OUTPUT_TOKENS, or give the model a "
            "longer context: prompt and reply must fit it together.",
        )
    return RefusedError(told, action=f"Name another model in {MODEL}, or report it.")


def _stated(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        return {"message": body}
    inner = body.get("error", body.get("detail"))
    if isinstance(inner, dict):
        return inner
    if isinstance(inner, list):
        first = inner[0] if inner and isinstance(inner[0], dict) else {}
        return {"message": f"{'.'.join(map(str, first.get('loc') or ()))}: {first.get('msg', '')}"}
    return {"message": inner} if isinstance(inner, str) else body
