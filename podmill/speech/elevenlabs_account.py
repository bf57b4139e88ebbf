"""One key at ElevenLabs, asked through its SDK: imported only when something is to be spoken."""

import base64
import binascii
import logging
import math
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import httpx
from elevenlabs import DialogueInput
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.core.parse_error import ParsingError

from podmill.errors import ConfigurationError, InDoubtError, PodmillError, TransientError, UnstitchedError, VoiceError
from podmill.speech import elevenlabs_refusals as refusals
from podmill.speech import elevenlabs_replies as replies
from podmill.speech.answering import tell_answered
from podmill.speech.engine import Receipt
from podmill.speech.timing import Alignment

if TYPE_CHECKING:
    from elevenlabs.core.http_response import HttpResponse
    from elevenlabs.core.request_options import RequestOptions
    from elevenlabs.types import GetSpeechHistoryResponse, SpeechHistoryItemResponse

log = logging.getLogger(__name__)

ONCE: Final["RequestOptions"] = {"max_retries": 0}
"""The SDK would send a request again after a 5xx, and pay twice."""

CONNECT_TIMEOUT_S: Final = 10.0
CONNECTIONS_MAX: Final = 64
"""Of one process: as many as it may have threads that speak."""

PAGE: Final = 1000
"""Entries of the history at a time, the most it gives."""
PAGES_MAX: Final = 100
LIST_TIMEOUT_S: Final = 10
LIST_KEEP_S: Final = 3600.0
LIST_AGAIN_S: Final = 60.0
"""How long lists of the account are believed, and after what time they are asked for again when they were not read."""
BODY_MAX_BYTES: Final = 128 << 20
"""Above an hour of speech in base64 with its times: an answer without an end is not read to its end."""
BODY_TIMES: Final = 3.0
"""An answer may arrive for so many times the longest silence."""
CLOCKS_S: Final = 60
"""How far the provider's clock may be from ours."""

FAILURES: Final = (ApiError, ParsingError, httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, RecursionError)
"""What the SDK raises instead of an answer: ValueError for a body that is no text, TypeError and RecursionError for
JSON of another kind."""
NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
MALFORMED: Final = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request to speak, in the terms of ElevenLabs."""

    text: str
    voice_id: str
    model: str
    output_format: str
    seed: int
    before: str = ""
    """What is said right before it, and after it: not spoken, not charged."""
    after: str = ""
    turns: tuple[tuple[str, str], ...] = ()
    """Text and voice of each line of a dialogue, which ``text`` holds together."""
    passage: str = ""
    """What it is, as a message names it."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What it gave."""

    audio: bytes
    alignment: Alignment | None
    receipt: Receipt
    turns_s: tuple[tuple[float, float], ...] = ()
    """Start and end of each turn of a dialogue; empty where it does not say."""


@cache  # never forgotten: a client that is dropped leaves its connections open
def account(url: str, key: str, timeout_s: float) -> "Account":
    """The account of this process, whose connections are kept open."""
    return Account(url, key, timeout_s)


class Account:
    """A key at an address. Safe to use from many threads."""

    def __init__(self, url: str, key: str, timeout_s: float) -> None:
        self._key = key
        # No redirects: the key would go along.
        client = httpx.Client(
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX),
            # No compressed answer, which could unfold without end.
            headers={"Accept-Encoding": "identity"},
            event_hooks={"request": [_connect_soon], "response": [_bounded(BODY_TIMES * timeout_s), tell_answered]},
        )
        self._sdk = ElevenLabs(base_url=url, api_key=key, timeout=timeout_s, httpx_client=client)
        weakref.finalize(self, client.close)
        self.unstitched: set[str] = set()
        """Models that refused to be told what comes before and after a request."""
        self._listing = threading.Lock()
        self._listed: dict[str, int] = {}
        self._list_until = 0.0

    def speak(self, wanted: Wanted) -> Spoken:
        """Ask once.

        Raises:
            TransientError: it was not reached, or refused for now; nothing was made.
            InDoubtError: it was asked, and what it did is not known.
            PodmillError: it refused for good, as ``elevenlabs_refusals`` tells; nothing was made.
        """
        try:
            reply = self._asked_dialogue(wanted) if wanted.turns else self._asked(wanted)
        except FAILURES as exc:
            stitched = bool(wanted.before or wanted.after) and not wanted.turns
            error = self._error(exc, refusals.Asked(wanted.passage, len(wanted.text), wanted.model, stitched))
            if isinstance(error, UnstitchedError):
                self.unstitched.add(wanted.model)
            raise error from None
        receipt = replies.receipt(reply.headers)
        # The SDK builds its models unchecked: what the answer lacks is missing here too.
        encoded = getattr(reply.data, "audio_base_64", None)
        try:
            audio = base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else b""
        except binascii.Error:
            audio = b""
        if not audio:
            raise InDoubtError(f"ElevenLabs answered without audio (request {receipt.request_id}); it may be charged.")
        turns_s = replies.turns_s(getattr(reply.data, "voice_segments", None), len(wanted.turns))
        return Spoken(audio, replies.alignment(getattr(reply.data, "alignment", None)), receipt, turns_s)

    def _asked(self, wanted: Wanted) -> "HttpResponse[Any]":
        # The SDK leaves out what is not given; what is given as None, it sends as null.
        around: dict[str, Any] = {"previous_text": wanted.before, "next_text": wanted.after}
        reply: HttpResponse[Any] = self._sdk.text_to_speech.with_raw_response.convert_with_timestamps(
            wanted.voice_id,
            text=wanted.text,
            model_id=wanted.model,
            output_format=wanted.output_format,
            seed=wanted.seed,
            request_options=ONCE,
            **{name: text for name, text in around.items() if text},
        )
        return reply

    def _asked_dialogue(self, wanted: Wanted) -> "HttpResponse[Any]":
        reply: HttpResponse[Any] = self._sdk.text_to_dialogue.with_raw_response.convert_with_timestamps(
            inputs=[DialogueInput(text=text, voice_id=voice_id) for text, voice_id in wanted.turns],
            model_id=wanted.model,
            output_format=wanted.output_format,
            seed=wanted.seed,
            request_options=ONCE,
        )
        return reply

    def models(self) -> dict[str, int]:
        """Characters that one request may have, by model: as the account lists them.

        Raises:
            ConfigurationError: the key does not work.
            TransientError: it cannot be read now.
        """
        try:
            listed = self._sdk.models.list(request_options={**ONCE, "timeout_in_seconds": LIST_TIMEOUT_S})
        except FAILURES as exc:
            raise self._unreadable(exc) from None
        found = {}
        for model in listed if isinstance(listed, list) else ():
            name, longest = (getattr(model, each, None) for each in ("model_id", "maximum_text_length_per_request"))
            if isinstance(name, str) and type(longest) is int and longest > 0:
                found[name] = longest
        return found

    def characters_max(self) -> dict[str, int]:
        """As ``models``, read once an hour; what was read last where it cannot be read now, else nothing."""
        with self._listing:
            if time.monotonic() >= self._list_until:
                try:
                    self._listed = self.models()
                    self._list_until = time.monotonic() + LIST_KEEP_S
                except PodmillError as exc:
                    log.warning("the models of ElevenLabs are those of the table: %s", exc)
                    self._list_until = time.monotonic() + LIST_AGAIN_S
            return self._listed

    def subscription(self) -> replies.Subscription | None:
        """Plan and credit of the account; None where the key may not read them.

        Raises:
            TransientError: they cannot be read now.
        """
        try:
            said = self._sdk.user.subscription.get(request_options={**ONCE, "timeout_in_seconds": LIST_TIMEOUT_S})
        except FAILURES as exc:
            if isinstance(exc, ApiError) and exc.status_code in (401, 403):
                return None
            raise self._unreadable(exc) from None
        return replies.subscription(said)

    def check_voice(self, voice_id: str) -> bool:
        """Returns whether it is a voice of the library that free plans do not have.

        Raises:
            VoiceError: the account has no such voice.
            ConfigurationError: the key does not work.
            TransientError: it cannot be read now.
        """
        try:
            said = self._sdk.voices.get(voice_id, request_options={**ONCE, "timeout_in_seconds": LIST_TIMEOUT_S})
        except FAILURES as exc:
            raise self._unreadable(exc) from None
        return replies.not_for_free(said)

    def find(self, wanted: Wanted, since: float, until: float, taken: Callable[[str], bool]) -> Spoken | None:
        """What it made of a request between two times (seconds since 1970), from its own history.

        The newest entry of that text, voice and model whose request is not ``taken``. Entries say nothing of seeds.

        Raises:
            TransientError: the history cannot be read now, or not to its end.
            ConfigurationError: the key may not read it.
        """
        found = [
            item
            for item in self.history(
                None if wanted.turns else wanted.voice_id, int(since) - CLOCKS_S, math.ceil(until) + CLOCKS_S
            )
            if replies.is_of(item, wanted) and not taken(replies.identity(item))
        ]
        if not found:
            return None
        item = max(found, key=lambda each: getattr(each, "date_unix", 0))
        if getattr(item, "state", None) == "processing":
            raise TransientError("ElevenLabs is still working on a request that is looked up.")
        try:
            audio = b"".join(self._sdk.history.get_audio(item.history_item_id, request_options=ONCE))
        except FAILURES as exc:
            if isinstance(exc, ApiError) and exc.status_code == 404:
                raise TransientError(
                    f"ElevenLabs has request {replies.identity(item)} in its history, without audio."
                ) from None
            raise self._unreadable(exc) from None
        alignments = getattr(item, "alignments", None)
        return Spoken(
            audio,
            replies.alignment(getattr(alignments, "alignment", None)),
            Receipt(replies.identity(item), replies.cost(item)),
        )

    def history(self, voice_id: str | None, since: int, until: int) -> Iterator["SpeechHistoryItemResponse"]:
        # All of it between two times, or TransientError.
        after: str | None = None
        for _ in range(PAGES_MAX):
            page = self._page(voice_id, since, until, after)
            items = getattr(page, "history", None)
            if not isinstance(items, list):
                raise TransientError("ElevenLabs answered without its history.")
            yield from items
            if not getattr(page, "has_more", False):
                return
            before, after = after, getattr(page, "last_history_item_id", None)
            if after in (None, before):
                break
        # To say that an entry is not there, all of them must have been seen.
        raise TransientError("The history of ElevenLabs has no end.")

    def _page(self, voice_id: str | None, since: int, until: int, after: str | None) -> "GetSpeechHistoryResponse":
        try:
            page: GetSpeechHistoryResponse = self._sdk.history.list(
                page_size=PAGE,
                voice_id=voice_id,
                date_after_unix=since,
                date_before_unix=until,
                start_after_history_item_id=after,
                request_options=ONCE,
            )
        except FAILURES as exc:
            raise self._unreadable(exc) from None
        return page

    def _error(self, exc: Exception, asked: refusals.Asked) -> PodmillError:
        """What an exception of the SDK means. It is not chained: some repeat the headers they sent, and so the key."""
        if isinstance(exc, ApiError):
            headers = {name.lower(): value for name, value in (exc.headers or {}).items()}
            return refusals.error(refusals.read(exc.status_code or 0, headers, exc.body, secret=self._key), asked)
        if isinstance(exc, MALFORMED):
            return ConfigurationError(
                "No request to ElevenLabs can be made of the settings.",
                action=f"Check PODMILL_ELEVENLABS_URL and {refusals.KEY}.",
            )
        kind = type(exc).__name__
        if isinstance(exc, NEVER_SENT):
            return TransientError(f"ElevenLabs was not reached ({kind}).")
        return InDoubtError(f"The answer of ElevenLabs did not arrive whole ({kind}); the request may be charged.")

    def _unreadable(self, exc: Exception) -> PodmillError:
        """Reading costs nothing: whatever is not a wrong setting may be tried again."""
        error = self._error(exc, refusals.Asked("nothing"))
        if isinstance(error, ConfigurationError | TransientError | VoiceError):
            return error
        reason = exc.status_code if isinstance(exc, ApiError) else type(exc).__name__
        return TransientError(f"ElevenLabs cannot be read now ({reason}).")


def _connect_soon(request: httpx.Request) -> None:
    """The SDK has one time-out for everything; a connection is made soon or not at all."""
    timeout = request.extensions["timeout"]
    timeout["connect"] = min(timeout["connect"] or CONNECT_TIMEOUT_S, CONNECT_TIMEOUT_S)


def _bounded(within_s: float) -> Callable[[httpx.Response], None]:
    """The SDK reads whatever comes: an answer gets a largest size and a latest time."""

    def bound(response: httpx.Response) -> None:
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Bounded(response.stream, time.monotonic() + within_s)

    return bound


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for block in self._stream:
            size += len(block)
            if size > BODY_MAX_BYTES or time.monotonic() > self._until:
                raise httpx.ReadError("The answer is too long, or takes too long.")
            yield block

    def close(self) -> None:
        self._stream.close()
