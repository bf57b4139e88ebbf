"""The wire to Gemini: the official SDK, asked once. Writing, research and speech share it."""

import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import httpx2
from pydantic import ValidationError

from podmill import offer
from podmill.errors import InDoubtError, MissingExtraError, PodmillError, RefusedError, TransientError
from podmill.providers import gemini_refusals
from podmill.providers.replies import usable_key
from podmill.settings import Settings

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import GenerateContentResponse

POLICY: Final = {
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE", "ESCALATION"),
    *("MODEL_ARMOR", "JAILBREAK", "BLOCKED_REASON_UNSPECIFIED"),
}
"""Reasons for which a prompt or a reply is blocked: the same prompt is blocked again."""

BYTES_PER_TOKEN: Final = 3
"""Fewer than any language needs on average: an estimate that is never too low to hold money by."""
BODY_MAX_BYTES: Final = 64 << 20
"""Above the longest reply, eleven minutes of speech in base64: an answer without an end is not read to its end."""
BODY_TIMES: Final = 3.0
"""An answer may arrive for so many times the longest silence."""
NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
LOST: Final = (
    *(httpx2.HTTPError, httpx2.InvalidURL, ValidationError),
    *(ValueError, TypeError, AttributeError, RecursionError),
)
"""What the SDK raises instead of an answer: those of the second row for JSON of another kind."""
MALFORMED: Final = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.InvalidURL)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a reply ended, and what it used; any part of what the provider says of that may be missing."""

    finish: str
    """``STOP`` when it is whole; empty when there is none."""
    blocked: str | None
    """Why the prompt or the reply was blocked."""
    input_tokens: int | None
    """Searched pages included. None: it did not say."""
    output_tokens: int | None
    """Thoughts included."""
    request_id: str | None


def installed() -> bool:
    """Whether the SDK is there."""
    try:
        return find_spec("google.genai") is not None
    except ModuleNotFoundError:
        return False


def client(settings: Settings, timeout_s: float) -> "Client":
    """The client of this process, whose connections are kept open. Threads may share it.

    Raises:
        ConfigurationError: there is no key.
        MissingExtraError: the SDK is not installed.
    """
    if not installed():
        raise MissingExtraError("The SDK of Gemini", extra="gemini")
    return _open(settings.gemini_url, _key(settings), settings.gemini_api_version, timeout_s)


def generate(
    settings: Settings, *, model: str, contents: Any, config: Mapping[str, Any], timeout_s: float
) -> "GenerateContentResponse":
    """Ask once, and only once.

    Args:
        config: fields of ``GenerateContentConfig``.
        timeout_s: longest silence.

    Raises:
        ConfigurationError: key, model or address.
        MissingExtraError: the SDK is not installed.
        BusyError, QuotaError, RefusedError, TransientError: it is not answered, and nothing was charged.
        InDoubtError: it was sent, and the outcome is not known.
    """
    asked = client(settings, timeout_s)
    from google.genai import errors, types

    whole = types.GenerateContentConfig(
        **config,
        # Each continuation would be a request that nobody wrote down.
        automatic_continuation=False,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    try:
        return asked.models.generate_content(model=model, contents=contents, config=whole)
    except errors.APIError as exc:
        error = _refusal(exc, model, settings)
    except (*LOST, errors.UnknownApiResponseError) as exc:
        error = _unanswered(exc)
    # Raised where nothing hangs on to what the SDK raised: that may repeat the key.
    raise error


def look_up(settings: Settings, model: str, timeout_s: float) -> None:
    """Find out, without spending anything, whether the key works and the model is there.

    Raises:
        PodmillError: as ``generate``; no answer, or not a whole one, is a TransientError.
    """
    asked = client(settings, timeout_s)
    from google.genai import errors

    try:
        asked.models.get(model=model)
    except errors.APIError as exc:
        error = _refusal(exc, model, settings)
    except (*LOST, errors.UnknownApiResponseError) as exc:
        error = _unanswered(exc)
    else:
        return
    raise TransientError("Gemini cannot be read now.") if isinstance(error, InDoubtError) else error


def ending(response: "GenerateContentResponse") -> Ending:
    """How a reply ended, read without trust."""
    candidate = response.candidates[0] if response.candidates else None
    feedback, usage = response.prompt_feedback, response.usage_metadata
    finish = _name(candidate.finish_reason) if candidate else ""
    blocked = _name(feedback.block_reason) if feedback and feedback.block_reason else None
    told = usage is not None and usage.prompt_token_count is not None
    return Ending(
        finish=finish,
        blocked=blocked or (finish if finish in POLICY else None),
        input_tokens=_sum(usage, "prompt_token_count", "tool_use_prompt_token_count") if told else None,
        output_tokens=_made(usage) + _sum(usage, "thoughts_token_count") if told else None,
        request_id=response.response_id,
    )


def _key(settings: Settings) -> str:
    return usable_key(settings.gemini_api_key, provider="Gemini", setting=gemini_refusals.KEY)


@cache  # never forgotten: a client that is dropped leaves its connections open
def _open(url: str, key: str, version: str, timeout_s: float) -> "Client":
    from google.genai import Client, types

    def bound(response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.SyncByteStream):
            paid = response.request.method == "POST" and response.is_success
            response.stream = _Bounded(response.stream, time.monotonic() + BODY_TIMES * timeout_s, paid=paid)

    wire = httpx2.Client(
        # No redirects: the key would go along. No compressed answer, which could unfold without end.
        follow_redirects=False,
        timeout=timeout_s,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [bound]},
    )
    made = Client(
        vertexai=False,
        api_key=key,
        http_options=types.HttpOptions(
            base_url=url, api_version=version, timeout=round(timeout_s * 1000), httpx_client=wire
        ),
    )
    weakref.finalize(made, wire.close)
    return made


class _Bounded(httpx2.SyncByteStream):
    """The body of an answer, with a largest size and a latest time.

    When that of a paid request is here it is told, before the SDK has read it: minutes of speech take a while.
    """

    def __init__(self, stream: httpx2.SyncByteStream, until: float, *, paid: bool) -> None:
        self._stream = stream
        self._until = until
        self._paid = paid

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for block in self._stream:
            size += len(block)
            if size > BODY_MAX_BYTES or time.monotonic() > self._until:
                raise httpx2.ReadError("The answer is too long, or takes too long.")
            yield block
        if self._paid:
            offer.answered()

    def close(self) -> None:
        self._stream.close()


def _refusal(exc: Any, model: str, settings: Settings) -> PodmillError:
    told = getattr(exc.response, "headers", None)
    headers = {str(name).lower(): str(value) for name, value in told.items()} if isinstance(told, Mapping) else {}
    return gemini_refusals.error(exc.code, exc.details, headers, model=model, secret=_key(settings))


def _unanswered(exc: Exception) -> PodmillError:
    if isinstance(exc, NEVER_SENT):
        return TransientError(f"Gemini cannot be reached ({type(exc).__name__}).")
    if isinstance(exc, MALFORMED):
        return RefusedError(
            f"The request to Gemini cannot be sent ({type(exc).__name__}).", action="Check PODMILL_GEMINI_URL."
        )
    return InDoubtError(
        f"Gemini was asked and gave no whole answer ({type(exc).__name__}); whether it charged is not known."
    )


def _made(usage: Any) -> int:
    """Tokens of the reply, whichever way they are counted."""
    details = usage.candidates_tokens_details or []
    return _sum(usage, "candidates_token_count") or sum(max(each.token_count or 0, 0) for each in details)


def _sum(usage: object, *names: str) -> int:
    return sum(max(getattr(usage, name, None) or 0, 0) for name in names)


def _name(reason: object) -> str:
    return str(getattr(reason, "value", reason) or "")
