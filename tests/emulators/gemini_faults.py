"""What the emulated Gemini does instead of answering: see section ``Errors`` of ai.google.dev, November 2026."""

import base64
from collections.abc import Callable
from typing import Any, Final

RPC: Final = "type.googleapis.com/google.rpc"


def _error(status: int, name: str, message: str, *details: dict[str, Any], **headers: str) -> tuple[Any, ...]:
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if details:
        error["details"] = list(details)
    return status, {"error": error}, {name.replace("_", "-"): value for name, value in headers.items()}


def _quota(quota: str, delay: str) -> tuple[Any, ...]:
    failure = {
        "@type": f"{RPC}.QuotaFailure",
        "violations": [{"quotaMetric": "generativelanguage.googleapis.com/requests", "quotaId": quota}],
    }
    retry = {"@type": f"{RPC}.RetryInfo", "retryDelay": delay}
    message = "You exceeded your current quota, please check your plan and billing details."
    return _error(429, "RESOURCE_EXHAUSTED", message, failure, {"@type": f"{RPC}.Help", "links": []}, retry)


BEFORE: Final[dict[str, tuple[Any, ...]]] = {
    "minute": _quota("GenerateRequestsPerMinutePerProjectPerModel", "36s"),
    "day": _quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "36s"),
    "busy": _error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted."),
    "busy_header": _error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted.", Retry_After="7"),
    "key": _error(
        *(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        {"@type": f"{RPC}.ErrorInfo", "reason": "API_KEY_INVALID"},
    ),
    "argument": _error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "with_schema": _error(400, "INVALID_ARGUMENT", "controlled generation is not supported with google_search tool"),
    "billing": _error(400, "FAILED_PRECONDITION", "Please enable billing on project in Google AI Studio."),
    "region": _error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    "unauthenticated": _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "permission": _error(403, "PERMISSION_DENIED", "The caller does not have permission."),
    "retired": _error(404, "NOT_FOUND", "models/gemini-1.0 is no longer available."),
    "internal": _error(500, "INTERNAL", "An internal error has occurred."),
    "gateway": (502, "<html><title>502 Bad Gateway</title></html>", {}),
    "overloaded": _error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "deadline": _error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
    "moved": (307, "<html>elsewhere</html>", {}),
}
"""Status, body, headers: nothing is made and nothing is charged."""

AFTER: Final = ("hang", "drop", "truncate", "garbled", "shapeless", "slow")
"""The answer is made and charged; it comes too late, not at all, not whole, as something else, or slowly."""


def _blocked_prompt(result: dict[str, Any]) -> dict[str, Any]:
    usage = result["usageMetadata"] | {"candidatesTokenCount": 0, "thoughtsTokenCount": 0}
    rest = {name: result[name] for name in ("modelVersion", "responseId")}
    return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage} | rest


def _finished(reason: str, *, keep: float = 0.0) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The reply ends for another reason, with so much of its text."""

    def change(result: dict[str, Any]) -> dict[str, Any]:
        candidate = result["candidates"][0]
        parts = candidate.pop("content")["parts"]
        candidate["finishReason"] = reason
        candidate.pop("groundingMetadata", None)
        text = "".join(part.get("text", "") for part in parts)
        if keep and not text:
            candidate["content"] = {"role": "model", "parts": parts[:1]}
        elif keep:
            candidate["content"] = {"role": "model", "parts": [{"text": text[: round(len(text) * keep)]}]}
        return result

    return change


def _ungrounded(result: dict[str, Any]) -> dict[str, Any]:
    result["candidates"][0].pop("groundingMetadata", None)
    return result


def _words(result: dict[str, Any]) -> dict[str, Any]:
    """It says what it would say."""
    result["candidates"][0]["content"]["parts"] = [{"text": "Sure, here is the audio:"}]
    return result


def _audio(change: Callable[[bytes], bytes], media_type: str = "") -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Other audio, or other words for it."""

    def changed(result: dict[str, Any]) -> dict[str, Any]:
        for part in result["candidates"][0]["content"]["parts"]:
            inline = part["inlineData"]
            inline["data"] = base64.b64encode(change(base64.b64decode(inline["data"]))).decode()
            inline["mimeType"] = media_type or inline["mimeType"]
        return result

    return changed


def _unmetered(result: dict[str, Any]) -> dict[str, Any]:
    del result["usageMetadata"]
    return _finished("OTHER")(result)


BLOCKS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "blocked_prompt": _blocked_prompt,
    "blocked_reply": _finished("SAFETY"),
    "recitation": _finished("RECITATION"),
    "spii": _finished("SPII"),
    "cut": _finished("MAX_TOKENS", keep=0.6),
    "other": _finished("OTHER"),
    "malformed": _finished("MALFORMED_RESPONSE"),
    "many_calls": _finished("TOO_MANY_TOOL_CALLS"),
    "half": _finished("SAFETY", keep=0.5),
    "ungrounded": _ungrounded,
}
"""Answers with status 200 that are no whole reply, and are charged."""

SOUNDS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "language": _finished("LANGUAGE"),
    "words": _words,
    "brief": _audio(lambda data: data[: len(data) // 20]),
    "silent": _audio(lambda data: bytes(len(data))),
    "no_samples": _audio(lambda _: b""),
    "noise": _audio(lambda _: b"no audio at all", "audio/ogg"),
    "strange_rate": _audio(lambda data: data, "audio/L16;rate=11"),
    "unmetered": _unmetered,
}
"""Likewise, where speech was asked for."""
