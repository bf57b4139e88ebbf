"""What an answer of ElevenLabs that is not speech means.

Codes, texts and their meaning: its error page (elevenlabs.io/docs/eleven-api/resources/errors) and answers that were
logged by others in September and October 2026. The code decides, then the status: a used-up quota is a 401 too.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

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
    UnstitchedError,
    VoiceError,
)

KEY: Final = "PODMILL_ELEVENLABS_API_KEY"

ABUSE: Final = {"detected_unusual_activity"}
BUSY: Final = {"too_many_concurrent_requests", "concurrent_limit_exceeded", "rate_limit_exceeded", "system_busy"}
QUOTA: Final = {"quota_exceeded", "insufficient_credits"}
POLICY: Final = {"content_against_policy"}
VOICE: Final = {"voice_not_found", "voice_access_denied"}
FORMAT: Final = {"output_format_not_allowed", "invalid_output_format"}
LIBRARY: Final = {"paid_plan_required"}
LENGTH: Final = {"text_too_long", "max_character_limit_exceeded"}
MODEL: Final = {"model_not_found", "model_access_denied", "unsupported_model"}

POLICY_TEXT: Final = "may violate our Terms of Service"
AT_ONCE_TEXT: Final = re.compile(r"maximum of (\d{1,4}) concurrent requests")

UNSAID: Final = "it does not say why"
SAID_MAX: Final = 200
RETRY_AFTER_MAX_S: Final = 3600.0
"""A longer wait than this is not asked for by a limit on requests a minute: it is a mistake, or a quota."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not speech."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    codes: frozenset[str]
    """What it calls the error: by its present, its former and its general name."""
    message: str
    """For a person: one line, cut, without the key."""


def read(status: int, headers: Mapping[str, str], body: object, *, secret: str) -> Answer:
    """An answer, in whichever of the four shapes its body has.

    Args:
        body: decoded JSON, or text.
        secret: the key, which must not get into a message even if the answer repeats it.
    """
    detail: Any = body.get("detail") if isinstance(body, dict) else body
    codes: list[object] = []
    message: object = detail
    if isinstance(detail, dict):
        codes = [detail.get("code"), detail.get("status"), detail.get("type")]
        message = detail.get("message") or detail.get("status")
    elif isinstance(detail, list):
        message = "; ".join(_field(entry) for entry in detail[:3] if isinstance(entry, dict))
    return Answer(
        status=status,
        headers=headers,
        codes=frozenset(code for code in codes if isinstance(code, str)),
        message=_clean(message if isinstance(message, str) else "", secret) or UNSAID,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, for messages."""

    passage: str
    """What was to be spoken, as a message names it."""
    characters: int = 0
    model: str = ""
    stitched: bool = False
    """Whether the request said what comes before or after it."""


def error(answer: Answer, asked: Asked) -> PodmillError:
    """The error that an answer to a request to speak is."""
    if answer.codes & POLICY or POLICY_TEXT in answer.message:
        return PolicyError(
            f"ElevenLabs refuses to speak {asked.passage}: {answer.message}",
            action="Change the passage, or choose another voice, and submit the episode again.",
        )
    if answer.codes & QUOTA:
        return QuotaError(
            f"The credit at ElevenLabs is used up: {answer.message}",
            action="Buy credit or wait for the next period, then run: podmill retry",
        )
    if answer.status == 429 or answer.codes & BUSY:
        return BusyError(
            f"ElevenLabs takes no more requests now: {answer.message}",
            retry_after_s=retry_after_s(answer.headers.get("retry-after")),
            at_once_max=at_once_max(answer),
        )
    if asked.stitched and "unsupported_model" in answer.codes:
        return UnstitchedError(f"The model {asked.model} is not told what comes before and after: {answer.message}")
    return _configuration(answer, asked.model) or _by_status(answer, asked)


def _configuration(answer: Answer, model: str) -> PodmillError | None:
    """An error that lies in a setting or in the account, if it is one."""
    said = f"ElevenLabs answers {answer.status}: {answer.message}"
    if answer.codes & VOICE:
        return VoiceError(said, action="Choose a voice of the account, or add this one to it.")
    if answer.codes & MODEL:
        return ConfigurationError(
            f"{said} (model {model})",
            action="The model may be retired, or not be in the plan: name another one in PODMILL_ELEVENLABS_MODEL.",
        )
    if answer.codes & ABUSE:
        return ConfigurationError(
            f"ElevenLabs has stopped the account, which it takes to be abused. {said}",
            action="It does so to free plans and behind proxies or VPNs: use a paid plan, another network, or ask it.",
        )
    if answer.status == 401:
        return ConfigurationError(said, action=f"Check {KEY}, and what its account allows.")
    if answer.codes & FORMAT:
        return ConfigurationError(said, action="Set PODMILL_ELEVENLABS_FORMAT=mp3_44100_128, or take a larger plan.")
    if answer.codes & LIBRARY:
        return ConfigurationError(
            said, action="Voices of its library need a paid plan: take one, or cast a voice that is not from there."
        )
    if answer.status in (402, 403):
        return ConfigurationError(said, action=f"The plan or the permissions of {KEY} do not allow it: change them.")
    if answer.status == 404 or 300 <= answer.status < 400:
        return ConfigurationError(said, action="Check PODMILL_ELEVENLABS_URL.")
    return None


def _by_status(answer: Answer, asked: Asked) -> PodmillError:
    if answer.codes & LENGTH:
        return TooLongError(f"ElevenLabs does not take {asked.characters:,} characters at once: {answer.message}")
    if answer.status == 409:
        return TransientError(f"ElevenLabs asks to try again: {answer.message}")
    if 400 <= answer.status < 500 and answer.status != 408:
        return RefusedError(
            f"ElevenLabs cannot speak {asked.passage} ({answer.status}): {answer.message}",
            action="Change the passage, or choose another model or engine.",
        )
    # A 5xx may come after the speech was made and charged, and so may an answer that makes no sense.
    return InDoubtError(
        f"ElevenLabs answered {answer.status} without speech; whether it charged for {asked.passage} is not known."
    )


def retry_after_s(value: str | None) -> float | None:
    """Seconds of a ``Retry-After`` header, which is a number or a date; None where it says nothing sensible."""
    if value is None:
        return None
    try:
        wait_s = float(value)
    except ValueError:
        try:
            wait_s = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return max(wait_s, 0.0) if wait_s <= RETRY_AFTER_MAX_S else None


def at_once_max(answer: Answer) -> int | None:
    """Requests it would work on at once, where the answer says so."""
    told = AT_ONCE_TEXT.search(answer.message)
    return count(answer.headers.get("maximum-concurrent-requests")) or (int(told[1]) if told else None)


def count(value: str | None) -> int | None:
    """A whole number of a header; None where it is none."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else None


def _field(entry: dict[str, Any]) -> str:
    """An entry of FastAPI's list of what is wrong with a body."""
    place = entry.get("loc")
    return f"{'.'.join(map(str, place)) if isinstance(place, list) else ''}: {entry.get('msg', '')}"


def _clean(message: str, secret: str) -> str:
    if secret:
        message = message.replace(secret, "********")
    line = " ".join("".join(each if each.isprintable() else " " for each in message).split())
    return line if len(line) <= SAID_MAX else f"{line[:SAID_MAX]}..."
