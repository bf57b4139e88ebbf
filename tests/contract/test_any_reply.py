"""Whatever comes back: no reply of any provider is a crash, and none that is not whole is taken for one.

A server that sends bytes as they are stands in for each provider; the clients are the real ones.
"""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from podmill.errors import InDoubtError, PodmillError, TransientError
from podmill.providers.gemini import Prompt, Reply, Request
from podmill.research.exa import Query
from podmill.scripting.by_model.language_model import Ask, open_model
from podmill.scripting.by_model.shapes import ChapterText
from podmill.settings import Settings
from podmill.speech.engine import RequestLine, SpeechRequest, make
from tests.purchases import CashPurchases

KEY: Final = "secret-key"
OWN: Final = ("local speech", "local model")
"""Servers of one's own: they charge nothing."""


@dataclass
class Wire:
    """Answers every request with the same bytes, and ends the connection."""

    reply: bytes = b""
    asked: int = 0
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as sent:
                length = 0
                while (line := sent.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                sent.read(length)
                self.asked += 1
                try:
                    connection.sendall(self.reply)
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


@pytest.fixture(scope="module")
def _wire() -> Iterator[Wire]:
    wire = Wire()
    server = threading.Thread(target=wire.serve, daemon=True)
    server.start()
    yield wire
    wire.listening.shutdown(socket.SHUT_RDWR)
    wire.listening.close()
    server.join()


@pytest.fixture
def wire(_wire: Wire) -> Wire:
    _wire.asked = 0
    return _wire


def answer(body: bytes, *headers: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A whole answer of HTTP, unless a header says otherwise."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *headers]
    if not any(header.startswith(("Content-Length", "Transfer-Encoding")) for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


REPLIES: Final = {
    "nothing": b"",
    "no_http": b"hello\r\n\r\n",
    "empty": answer(b""),
    "empty_204": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "accepted": answer(b"{}", status="202 Accepted"),
    "html": answer(b"<html><title>Welcome</title></html>", kind="text/html"),
    "html_called_json": answer(b"<html><title>Welcome</title></html>"),
    "null": answer(b"null"),
    "number": answer(b"7"),
    "nan": answer(b"NaN"),
    "text": answer(b'"fine"'),
    "list": answer(b"[]"),
    "list_of_lists": answer(b"[[[]]]"),
    "object": answer(b"{}"),
    "deep": answer(b"[" * 200_000),
    "half": answer(b'{"candidates": [{"content": {"parts": [{"te'),
    "not_utf8": answer(b'{"text": "\xff\xfe"}'),
    "unknown_charset": answer(b"{}", kind="application/json; charset=nonsense"),
    "zero_bytes": answer(b"\0" * 1000, kind="application/octet-stream"),
    "no_gzip": answer(b"not compressed", "Content-Encoding: gzip"),
    "gzip_of_nothing": answer(gzip.compress(b""), "Content-Encoding: gzip"),
    "cut": answer(b"{}", "Content-Length: 99999"),
    "cut_chunk": answer(b"ff\r\n{}", "Transfer-Encoding: chunked"),
    "bad_chunk": answer(b"zz\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "endless": answer(b"", "Content-Length: 999999999999"),
    "wrong_kinds": answer(
        json.dumps(
            {
                **dict.fromkeys(("candidates", "results", "choices", "data", "audio_base64", "usageMetadata"), 7),
                "base_resp": {"status_code": 0},
                "promptFeedback": [],
            }
        ).encode()
    ),
    "other_kinds": answer(
        json.dumps(
            {
                "candidates": [None],
                "results": {"a": 1},
                "choices": [7],
                "data": {"audio": ["x"]},
                "audio_base64": {"x": 1},
                "base_resp": {"status_code": 0},
                "extra_info": "x",
            }
        ).encode()
    ),
    "no_base64": answer(
        json.dumps(
            {"audio_base64": "!!!", "data": {"audio": "zz"}, "base_resp": {"status_code": 0}, "choices": []}
        ).encode()
    ),
    "odd_status": answer(b"{}", status="299 Odd"),
    "unknown_5xx": answer(b"{}", status="599 Odd"),
}
BODIES: Final = {
    "empty": b"",
    "html": b"<html><body>" + b"<p>Error</p>" * 500 + b"</body></html>",
    "null": b"null",
    "list": b"[1, [2]]",
    "deep": b'{"error":' * 50_000,
    "no_texts": b'{"error": {"message": {"a": [1]}, "code": [], "status": {}, "details": {"x": 1}}, '
    b'"detail": 7, "tag": []}',
    "controls": b'{"error": {"message": "\\u0000\\u001b[31m' + b"x" * 9000 + b'"}, "detail": "\\u202e secret-key"}',
    "key": b'{"error": "the key is secret-key", "message": "secret-key", "detail": {"message": "secret-key"}}',
    "not_utf8": b"\xff\xfe\xfa" * 100,
}
STATUSES: Final = (400, 401, 402, 403, 404, 409, 418, 422, 429, 451, 500, 502, 503, 529)


class _Priced(CashPurchases):
    """Has a price for any model."""

    def buy(self, offer, *, provider, **terms):  # type: ignore[no-untyped-def]  # noqa: ARG002
        return super().buy(offer, provider="openai-own", **terms)


def _speak(engine: str, **settings: Any) -> Callable[[], object]:
    made = make(engine, Settings(**settings))
    line = RequestLine(index=0, speaker="S1", voice=made.voices()[0].id, text="Hello.")
    request = SpeechRequest(key="0" * 64, engine=engine, language="en", lines=(line,))
    return lambda: made.speak(request)


def _write(**settings: Any) -> Callable[[], object]:
    model = open_model("openai", Settings(**settings))
    ask = Ask("Rules.", "Task.", ChapterText, 2000, "chapter 1")
    return lambda: model.complete(ask, _Priced(), 0)


def asking(provider: str, url: str) -> Callable[[], object]:
    """One request of a provider, as Podmill makes it."""
    chat = {"openai_url": f"{url}/v1", "openai_chat_model": "m", "openai_api_key": KEY}
    speech = {"openai_url": f"{url}/v1", "openai_api_key": KEY}
    match provider:
        case "gemini":
            prompt = Prompt("gemini-3.8-flash", "<topic>tides</topic>", search=True)
            return Request(prompt, Settings(gemini_url=url, gemini_api_key=KEY)).ask
        case "exa":
            return Query("tides", Settings(exa_url=url, exa_api_key=KEY)).ask
        case "hosted model":
            return _write(**chat, openai_own=False)
        case "local model":
            return _write(**chat, openai_own=True)
        case "hosted speech":
            return _speak("openai", **speech, openai_speech_own=False)
        case "local speech":
            return _speak("openai", **speech, openai_speech_own=True)
        case "azure":
            return _speak("azure", azure_speech_url=url, azure_speech_key=KEY)
        case "minimax":
            return _speak("minimax", minimax_url=url, minimax_api_key=KEY)
    return _speak("elevenlabs", elevenlabs_url=url, elevenlabs_api_key=KEY)


PROVIDERS: Final = ("elevenlabs", "minimax", "azure", "hosted speech", "gemini", "exa", "hosted model", *OWN)


def told(caught: object) -> str:
    assert isinstance(caught, PodmillError), repr(caught)
    said = str(caught)
    assert said.isprintable(), said
    assert len(said) < 700
    assert KEY not in said + repr(caught.__cause__) + repr(caught.__context__)
    return said


def _outcome(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except PodmillError as exc:
        return exc


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_is_none(name: str, provider: str, wire: Wire) -> None:
    """It is asked once. Money may have gone: it is in doubt; of a server of one's own, it is tried again."""
    wire.reply = REPLIES[name]
    free = provider in OWN or (name == "unknown_5xx" and provider in ("gemini", "exa"))
    outcome = _outcome(asking(provider, wire.url))

    assert wire.asked == 1
    if isinstance(outcome, Reply):
        # Its SDK takes nearly anything for a reply, and this one says nothing: it is paid for and not whole.
        assert (outcome.text, outcome.whole, outcome.input_tokens) == ("", False, None)
    else:
        assert type(outcome) is (TransientError if free else InDoubtError)
        assert told(outcome)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", BODIES)
def test_an_error_with_any_body(name: str, provider: str, wire: Wire) -> None:
    """Every status is one error with one short line, whatever its body; the key is in none of them."""
    for status in STATUSES:
        wire.reply, wire.asked = answer(BODIES[name], status=f"{status} Odd"), 0
        with pytest.raises(PodmillError) as caught:
            asking(provider, wire.url)()

        assert told(caught.value)
        assert wire.asked == 1
        if status == 429 and name != "deep":
            assert isinstance(caught.value, TransientError)


BY_POLICY: Final = (
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY", "MODEL_ARMOR"),
    "ESCALATION",
)
NOT_WHOLE: Final = ("MAX_TOKENS", "OTHER", "MALFORMED_RESPONSE", "TOO_MANY_TOOL_CALLS", "CONTINUATION", "BRAND_NEW")


@pytest.mark.filterwarnings("ignore:BRAND_NEW is not a valid:UserWarning")
@pytest.mark.parametrize("reason", [*BY_POLICY, *NOT_WHOLE])
def test_why_gemini_ends_a_reply(reason: str, wire: Wire) -> None:
    """Only STOP is success: a policy names itself, all else is not whole; what it used is paid for."""
    candidate = {"content": {"role": "model", "parts": [{"text": "The moon"}]}, "finishReason": reason}
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 2}
    wire.reply = answer(json.dumps({"candidates": [candidate], "usageMetadata": usage}).encode())
    reply = _outcome(asking("gemini", wire.url))

    assert isinstance(reply, Reply)
    assert not reply.whole
    assert reply.blocked == (reason if reason in BY_POLICY else None)
    assert reply.input_tokens == 7


@pytest.mark.parametrize(
    "reason", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "JAILBREAK", "MODEL_ARMOR"]
)
def test_why_gemini_blocks_a_prompt(reason: str, wire: Wire) -> None:
    """There is no reply, and the reason is kept for the person who must decide."""
    wire.reply = answer(json.dumps({"promptFeedback": {"blockReason": reason}}).encode())
    reply = _outcome(asking("gemini", wire.url))

    assert isinstance(reply, Reply)
    assert (reply.text, reply.blocked, reply.whole) == ("", reason, False)
