"""What an answer of an OpenAI-compatible chat server that is no completion means.

Shapes: ``{"error": {message, type, code, param}}`` (OpenAI, vLLM, LM Studio), ``{"error": "text"}`` (Ollama, llama.cpp)
and ``{"detail": ...}`` (servers made with FastAPI). Nothing is charged for any of them.
"""

from collections.abc import Mapping
from typing import Any, Final

from podmill.errors import (
    BusyError,
    ConfigurationError,
    HeldError,
    PodmillError,
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
TOO_LONG: Final = {"context_length_exceeded", "string_above_max_length"}
FORM_WORDS: Final = ("response_format", "json_schema", "json_object", "guided_json", "structured output")


class FormRefusedError(RefusedError):
    """The server does not know this way of telling it the form of a reply."""


def error(status: int, body: object, headers: Mapping[str, str], *, about: str, secret: str) -> PodmillError:
    """The error that an answer is.

    Args:
        body: decoded JSON, or text.
        headers: names in lower case.
        about: what was to be written, for a person.
    """
    stated = _stated(body)
    codes = {code for name in ("code", "type") if isinstance(code := stated.get(name), str)}
    message = said(stated.get("message"), secret)
    told = f"The language model server answers {status}: {message}"
    if codes & POLICY:
        return HeldError(
            f"The language model refuses to write {about}: {message}",
            action=f"Leave that source out, or name another model in {MODEL} or another writer, and submit it again.",
        )
    if codes & QUOTA or status == 402:
        return QuotaError(told, action="Buy credit or wait for the next period, then run: podmill retry")
    if status == 429:
        return BusyError(told, retry_after_s=wait_s(headers.get("retry-after")))
    return _configuration(status, told) or _request(status, told, codes, str(stated.get("param") or "") + message)


def _configuration(status: int, told: str) -> PodmillError | None:
    if status in (401, 403):
        return ConfigurationError(told, action=f"Check {KEY}, and what its account allows.")
    if status == 404 or 300 <= status < 400:
        return ConfigurationError(told, action=f"Check {URL} and {MODEL}: the model may be retired, or not be loaded.")
    return None


def _request(status: int, told: str, codes: set[str], words: str) -> PodmillError:
    if status in (408, 409, 425) or status >= 500:
        return TransientError(told)
    if any(word in words.lower() for word in FORM_WORDS):
        return FormRefusedError(told, action="Set PODMILL_OPENAI_CHAT_FORMAT to object or text.")
    if codes & TOO_LONG or "context length" in words.lower() or "context size" in words.lower():
        return RefusedError(told, action="Lower PODMILL_OPENAI_CHAT_PROMPT_CHARS, or give the model a longer context.")
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
