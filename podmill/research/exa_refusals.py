"""What an answer of Exa that is an error means.

Tags and statuses: docs.exa.ai (error codes), November 2026. The tag decides, then the status.
"""

from collections.abc import Mapping
from typing import Final

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

KEY: Final = "PODMILL_EXA_API_KEY"
QUOTA: Final = {"NO_MORE_CREDITS", "API_KEY_BUDGET_EXCEEDED"}
POLICY: Final = "moderation"
TOPIC_MAX: Final = 80


def error(status: int, body: object, headers: Mapping[str, str], *, topic: str, secret: str) -> PodmillError:
    """The error that an answer with another status than 200 is.

    Args:
        body: decoded JSON, or whatever came instead.
        headers: names in lower case.
        topic: that was searched for.
        secret: the key, which must not get into a message even if the answer repeats it.
    """
    stated = body if isinstance(body, dict) else {"error": body}
    named = stated.get("tag")
    tag = named if isinstance(named, str) else ""
    told = f"Exa answers {status}: {said(stated.get('error') or stated.get('message'), secret)}"
    if status == 402 or tag in QUOTA:
        return QuotaError(told, action="Buy credit or raise the key's budget at Exa, then run: podmill retry")
    if status == 429:
        return BusyError(told, retry_after_s=wait_s(headers.get("retry-after")))
    if status in (400, 403) and (POLICY in told.lower() or POLICY in tag.lower()):
        return PolicyError(
            f"Exa refuses to research {topic[:TOPIC_MAX]!r}. {told}",
            action="Word the topic differently, or give documents under `sources`.",
        )
    if status in (401, 403) or tag == "INVALID_API_KEY":
        return ConfigurationError(told, action=f"Check {KEY}, and what its plan allows.")
    if status == 404 or 300 <= status < 400:
        return ConfigurationError(told, action="Check PODMILL_EXA_URL.")
    if status in (408, 409) or status >= 500:
        return TransientError(told, retry_after_s=wait_s(headers.get("retry-after")))
    if status < 300:
        return InDoubtError(f"{told} Whether it charged is not known.")
    return RefusedError(told, action="The request cannot be made as it is: word the topic differently, or report it.")
