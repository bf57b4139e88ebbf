"""Every refusal of ElevenLabs by its code, in all shapes that its answers have had. Nothing is made or charged."""

from typing import Any, Final


def now(status: int, kind: str, code: str, message: str) -> tuple[int, object]:
    """The present shape."""
    return status, {"detail": {"type": kind, "code": code, "status": code, "message": message, "request_id": "r1"}}


def before(status: int, code: str, message: str) -> tuple[int, object]:
    """The shape it had, which is still met."""
    return status, {"detail": {"status": code, "message": message}}


INVALID: Final = "validation_error"
KEY: Final = "authentication_error"
PLAN: Final = "authorization_error"
POLICY: Final = "We are sorry but text you are trying to use may violate our Terms of Service and has been blocked."

ANSWERS: Final[dict[str, tuple[int, Any]]] = {
    "text_too_long": now(400, INVALID, "text_too_long", "The text is too long."),
    "max_character_limit_exceeded": before(400, "max_character_limit_exceeded", "Too many characters."),
    "empty_text": now(400, INVALID, "empty_text", "The text is empty."),
    "invalid_parameters": now(400, "invalid_request", "invalid_parameters", "Parameters are invalid."),
    "invalid_voice_settings": before(400, "invalid_voice_settings", "speed must be between 0.7 and 1.2."),
    "unsupported_model": now(400, INVALID, "unsupported_model", "Not yet supported with this model."),
    "invalid_output_format": now(400, INVALID, "invalid_output_format", "There is no such format."),
    "model_not_found": before(400, "model_not_found", "A model with that id was not found."),
    "unauthorized": (
        401,
        {"detail": {"type": KEY, "code": "unauthorized", "status": "invalid_api_key", "message": "Invalid API key"}},
    ),
    "invalid_api_key": before(401, "invalid_api_key", "Invalid API key"),
    "needs_authorization": before(401, "needs_authorization", "Neither authorization header nor key received."),
    "missing_permissions": now(401, KEY, "missing_permissions", "The API key lacks text_to_speech."),
    "quota_exceeded": now(
        401, "invalid_request", "quota_exceeded", "This request exceeds your quota of 10. You have 3 credits remaining."
    ),
    "quota_exceeded_before": before(401, "quota_exceeded", "This request exceeds your API key quota."),
    "detected_unusual_activity": before(401, "detected_unusual_activity", "Unusual activity detected."),
    "insufficient_credits": now(402, "payment_required", "insufficient_credits", "Not enough credits."),
    "paid_plan_required": now(402, "payment_required", "paid_plan_required", "Free users cannot use library voices."),
    "insufficient_permissions": now(403, PLAN, "insufficient_permissions", "Permission denied."),
    "feature_not_available": now(403, PLAN, "feature_not_available", "Not in this plan."),
    "subscription_required": now(403, PLAN, "subscription_required", "Subscribe first."),
    "voice_access_denied": now(403, PLAN, "voice_access_denied", "This voice is not yours."),
    "model_access_denied": now(403, PLAN, "model_access_denied", "This model is not in this plan."),
    "output_format_not_allowed": now(403, PLAN, "output_format_not_allowed", "This format needs another plan."),
    "output_format_not_allowed_400": before(400, "output_format_not_allowed", "This format needs another plan."),
    "content_against_policy": (403, {"detail": POLICY}),
    "voice_not_found": before(404, "voice_not_found", "A voice with that id was not found."),
    "not_found": (404, {"detail": "Not Found"}),
    "already_running": now(409, "conflict", "already_running", "It is running already."),
    "fastapi": (
        422,
        {"detail": [{"type": "missing", "loc": ["body", "text"], "msg": "Field required", "input": None}]},
    ),
    "too_many_concurrent_requests": before(
        429,
        "too_many_concurrent_requests",
        "Too many concurrent requests. Your current subscription is associated with a maximum of 5 concurrent requests "
        "(running in parallel).",
    ),
    "concurrent_limit_exceeded": now(429, "rate_limit_error", "concurrent_limit_exceeded", "Too many at once."),
    "rate_limit_exceeded": now(429, "rate_limit_error", "rate_limit_exceeded", "Too many in a minute."),
    "system_busy": now(429, "rate_limit_error", "system_busy", "We are busy."),
    "429_without_a_body": (429, {}),
    "internal_error": now(500, "internal_error", "internal_error", "Something went wrong."),
    "service_unavailable": now(503, "service_unavailable", "service_unavailable", "Down for maintenance."),
}
