"""What an answer of the Gemini API that is an error means.

Statuses and bodies: source of google-genai 3.4.0 and ai.google.dev (troubleshooting, rate limits, billing), November
2026. Its billing page says of a request that fails with a 400 or 500 error that its tokens are not charged. That is
read as all statuses of both kinds, as the pricing page of Vertex AI puts it; of searches neither page speaks.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from podmill.errors import (
    BusyError,
    ConfigurationError,
    InDoubtError,
    PodmillError,
    QuotaError,
    RefusedError,
    TooLongError,
    TransientError,
)
from podmill.providers.replies import said, wait_s

KEY: Final = "PODMILL_GEMINI_API_KEY"


def error(status: int, body: object, headers: Mapping[str, str], *, model: str, secret: str) -> PodmillError:
    """The error that an answer with another status than 200 is.

    Args:
        body: decoded JSON, or whatever came instead.
        headers: names in lower case.
    """
    stated = _stated(body)
    told = f"Gemini answers {status}: {said(stated.get('message'), secret)}"
    if status == 429:
        return _limit(told, stated, headers)
    if status == 404:
        return ConfigurationError(
            f"{told} (model {model})", action="The model may be retired: name another one, see docs/providers.md."
        )
    if status in (401, 403) or _reason(stated) == "API_KEY_INVALID" or "API key not valid" in told:
        return ConfigurationError(told, action=f"Check {KEY}, and what its project allows.")
    if stated.get("status") == "FAILED_PRECONDITION":
        if "billing" in told.lower():
            return QuotaError(told, action="Turn billing on for the project of the key, then run: podmill retry")
        return ConfigurationError(told, action="The API is not offered there, or not to this project: use another key.")
    if 300 <= status < 400:
        return ConfigurationError(told, action="Check PODMILL_GEMINI_URL.")
    if status in (408, 499) or status >= 500:
        return TransientError(told, retry_after_s=_delay_s(stated) or wait_s(headers.get("retry-after")))
    if "exceeds the maximum number of tokens" in told:
        return TooLongError(told, action="Shorten it.")
    if status < 300:
        return InDoubtError(f"{told} Whether it charged is not known.")
    return RefusedError(told, action="The request cannot be made as it is; name another model, or report it.")


def _limit(told: str, stated: Mapping[str, Any], headers: Mapping[str, str]) -> PodmillError:
    quotas = [
        quota
        for detail in _details(stated)
        for violation in _list(detail.get("violations"))
        if isinstance(violation, dict) and isinstance(quota := violation.get("quotaId"), str)
    ]
    if any("PerDay" in quota for quota in quotas):
        return QuotaError(
            f"The day's quota at Gemini is used up. {told}",
            action="Wait for the next day or raise the plan, then run: podmill retry",
        )
    return BusyError(
        f"Gemini takes no more requests now. {told}",
        retry_after_s=_delay_s(stated) or wait_s(headers.get("retry-after")),
    )


def _delay_s(stated: Mapping[str, Any]) -> float | None:
    return next((found for detail in _details(stated) if (found := wait_s(detail.get("retryDelay"))) is not None), None)


def _reason(stated: Mapping[str, Any]) -> object:
    return next((detail["reason"] for detail in _details(stated) if "reason" in detail), None)


def _stated(body: object) -> Mapping[str, Any]:
    """The error object, wherever the body has it."""
    if isinstance(body, list):
        body = body[0] if body else None
    if not isinstance(body, dict):
        return {"message": body}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else body


def _details(stated: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (detail for detail in _list(stated.get("details")) if isinstance(detail, dict))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
