"""What an answer of MiniMax that is not speech means.

It answers 200 to nearly everything and says in ``base_resp.status_code`` what happened: codes of its page of errors
(platform.minimax.io, errors of text to audio), as of November 2026.
"""

import json
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
    VoiceError,
)
from podmill.providers.replies import said, wait_s
from podmill.speech.hosted import Answer

KEY: Final = "PODMILL_MINIMAX_API_KEY"
URL: Final = "PODMILL_MINIMAX_URL"

DONE: Final = 0
FAILED: Final = {1000, 1001, 1024, 1033}
"""Unknown error, time-out, internal error, a system behind it: its page says to try again."""
BUSY: Final = {1002, 1039, 1041}
"""Requests a minute, characters a minute, connections."""
AUTHENTICATION: Final = {1004, 2049}
CREDIT: Final = {1008}
POLICY: Final = {1026: "text", 1027: "speech"}
"""What it found to be sensitive."""
UNREADABLE: Final = {1042}
"""More than a tenth of the characters are invisible or not allowed."""
PARAMETERS: Final = {2013, 2037}
VOICE: Final = {20132}


def reply_of(answer: Answer) -> dict[str, Any]:
    """The body, decoded; empty where it is no JSON object."""
    try:
        reply = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return reply if isinstance(reply, dict) else {}


def error(answer: Answer, reply: Mapping[str, Any], passage: str, *, model: str, secret: str) -> PodmillError | None:
    """The error that an answer to a request is; None when it was carried out.

    Args:
        passage: what was to be spoken, as a message names it.
        model: that was to speak it.
        secret: the key, which must not get into a message even if the answer repeats it.
    """
    told = reply.get("base_resp")
    stated: Mapping[str, Any] = told if isinstance(told, dict) else {}
    code = stated.get("status_code")
    if type(code) is not int:
        return _by_status(answer, passage, secret)
    if code == DONE and answer.status == 200:
        return None
    message = f"MiniMax answers {code}: {said(stated.get('status_msg'), secret)}"
    return _by_code(code, message, answer, passage, model) or _by_status(answer, passage, secret, message)


def _by_code(code: int, message: str, answer: Answer, passage: str, model: str) -> PodmillError | None:
    if code in BUSY:
        return BusyError(message, retry_after_s=wait_s(answer.headers.get("retry-after")))
    if code in FAILED:
        return TransientError(message)
    if code in POLICY:
        return PolicyError(
            f"MiniMax refuses to speak {passage}, the {POLICY[code]} is said to be sensitive. {message}",
            action="Change the passage, or choose another engine, and submit the episode again.",
        )
    if code in CREDIT:
        return QuotaError(f"The credit at MiniMax is used up. {message}", action="Buy credit, then run: podmill retry")
    if code in AUTHENTICATION:
        return ConfigurationError(message, action=f"Check {KEY}, and that {URL} is that of its region.")
    if code in VOICE:
        return VoiceError(message, action="Choose a voice of the account, or add this one to it.")
    if code in PARAMETERS and "model" in message.lower():
        return ConfigurationError(
            f"{message} (model {model})", action="The model may be retired: name another one in PODMILL_MINIMAX_MODEL."
        )
    if code in UNREADABLE | PARAMETERS:
        return RefusedError(
            f"MiniMax cannot speak {passage}. {message}",
            action="Change the passage, or check PODMILL_MINIMAX_MODEL and the voice.",
        )
    return None


def _by_status(answer: Answer, passage: str, secret: str, message: str = "") -> PodmillError:
    status = answer.status
    stated = message or f"MiniMax answers {status}: {said(answer.text, secret)}"
    if status == 429:
        return BusyError(stated, retry_after_s=wait_s(answer.headers.get("retry-after")))
    if status in (401, 403):
        return ConfigurationError(stated, action=f"Check {KEY}, and what its account allows.")
    if status == 404 or 300 <= status < 400:
        return ConfigurationError(stated, action=f"Check {URL}.")
    if status in (500, 502, 503):
        return TransientError(stated, retry_after_s=wait_s(answer.headers.get("retry-after")))
    if 400 <= status < 500 and status not in (408, 499):
        return RefusedError(f"MiniMax cannot speak {passage}. {stated}", action="Change the passage, or the voice.")
    # A gateway that gave up waiting, a code nobody knows, an answer that makes no sense: speech may have been made.
    return InDoubtError(f"{stated} Whether it charged for {passage} is not known.")


def unreadable(exc: InDoubtError) -> TransientError:
    """Reading costs nothing: it may be tried again."""
    return TransientError(f"MiniMax cannot be read now: {exc.message}")
