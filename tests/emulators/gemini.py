"""The Gemini API on this machine: its wire protocol, charges, blocks and faults, for the real SDK.

    python -m tests.emulators.gemini --state requests.jsonl

Prints its address. What a request is answered with depends on what it asks for: speech, JSON of a schema, searched
pages, or plain text; each kind is a module of its own with ``answer(wanted) -> Made``. Beside the provider's addresses:
``POST /emulator/next`` (a JSON list of faults) and ``POST /emulator/reset`` (terms: ``site``, the address of emulated
pages; ``always``, a fault; and whatever the modules read).
"""

import argparse
import json
import re
import signal
import sys
import time
import uuid
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tests.emulators.books import Books
from tests.emulators.gemini_faults import AFTER, BEFORE, BLOCKS, SOUNDS
from tests.emulators.http import Handler, RefusedError, Server

KEY: Final = "emulated-key"
MODELS: Final = (
    *("gemini-3.8-flash", "gemini-3.7-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-2.5-flash"),
    *("gemini-3.8-flash-tts", "gemini-3.8-flash-lite-tts", "gemini-2.5-flash-preview-tts", "gemini-4-argon"),
)
FIELDS: Final = {
    *("contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent"),
    *("serviceTier", "store", "labels"),
}
CONFIG: Final = {
    *("temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "seed", "responseMimeType"),
    *("responseSchema", "responseJsonSchema", "responseModalities", "speechConfig", "thinkingConfig"),
    *("presencePenalty", "frequencyPenalty", "mediaResolution", "responseFormat"),
}
KINDS: Final = ("speech", "writing", "grounding")
DRIP_BYTES: Final = 64


@dataclass(frozen=True)
class Wanted:
    """A request that was checked, in camelCase throughout."""

    model: str
    text: str
    """All text of its contents."""
    system: str
    body: dict[str, Any]
    config: dict[str, Any]
    terms: dict[str, Any]
    """Of the emulator, from its last reset."""
    url: str
    """Of the emulator."""


@dataclass
class Made:
    """What a kind of request is answered with."""

    parts: list[dict[str, Any]]
    grounding: dict[str, Any] | None = None
    finish: str = "STOP"
    output_tokens: int | None = None
    """Unset: counted from the text."""
    modality: str = "TEXT"
    """Of its output."""
    search_tokens: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    """More for the log."""


class Emulator(Server):
    def __init__(self, port: int, books: Books, hang_s: float) -> None:
        super().__init__(("127.0.0.1", port), Gemini)
        self.books = books
        self.hang_s = hang_s

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def refused(status: int, name: str, message: str, *details: dict[str, Any]) -> RefusedError:
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    return RefusedError(status, {"error": error | ({"details": list(details)} if details else {})})


def invalid(message: str) -> RefusedError:
    return refused(400, "INVALID_ARGUMENT", message)


class Gemini(Handler):
    server: Emulator
    routes = {  # noqa: RUF012 - a class variable by its declaration in the base class
        r"POST /v1(?:beta)?/models/([^/:]+):generateContent": "generate",
        r"POST /v1(?:beta)?/models/([^/:]+):streamGenerateContent": "stream",
        r"POST /v1(?:beta)?/models/([^/:]+):countTokens": "count",
        r"GET /v1(?:beta)?/models": "models",
        r"GET /v1(?:beta)?/models/([^/:]+)": "model",
        r"GET /grounding-api-redirect/(.+)": "redirect",
        r"POST /emulator/next": "plan",
        r"POST /emulator/reset": "reset",
    }

    def generate(self, model: str) -> None:
        made = self._made(model)
        if made:
            self._hand_out(*made)

    def stream(self, model: str) -> None:
        made = self._made(model)
        if made:
            outcome, answer = made
            self._hand_out(outcome, f"data: {json.dumps(answer)}\r\n\r\n".encode())

    def count(self, model: str) -> None:
        wanted = self._wanted(model)
        self.send({"totalTokens": tokens(wanted.system + wanted.text)})

    def models(self) -> None:
        self._authorize()
        self.send({"models": [described(name) for name in MODELS]})

    def model(self, name: str) -> None:
        self._authorize()
        self._must_have(name)
        self.send(described(name))

    def redirect(self, place: str) -> None:
        """What a grounded page is named by: it leads on to the page."""
        site = str(self.server.books.terms.get("site", ""))
        self.send({}, 302, {"Location": f"{site}/{place}"})

    # To steer it

    def plan(self) -> None:
        self.server.books.plan(json.loads(self.body))
        self.send({})

    def reset(self) -> None:
        self.server.books.reset(json.loads(self.body))
        self.send({})

    # To answer

    def _made(self, model: str) -> tuple[str, dict[str, Any]] | None:
        """What happens to the answer, and the answer; it is charged and in the log. None: it was answered."""
        books = self.server.books
        try:
            wanted = self._wanted(model)
        except RefusedError as exc:
            books.note("refused", exc.status, model=model, message=exc.body)
            raise
        outcome = books.next_fault()
        kind = kind_of(wanted)
        note = {"model": model, "kind": kind, "text": wanted.text, "system": wanted.system, "body": wanted.body}
        if outcome in BEFORE:
            status, body, headers = BEFORE[outcome]
            books.note(outcome, status, billed={}, **note)
            if isinstance(body, str):
                self._plain(body, status)
                return None
            raise RefusedError(status, body, headers)
        made = answer(kind, wanted)
        usage = usage_of(wanted, made)
        result = whole(wanted, made, usage)
        if change := (BLOCKS | SOUNDS).get(outcome):
            result = change(result)
        queries = (made.grounding or {}).get("webSearchQueries", [])
        books.note(outcome, 200, billed=usage | {"searchQueries": len(queries)}, **made.details, **note)
        return outcome, result

    def _hand_out(self, outcome: str, content: object) -> None:
        if outcome in ("hang", "drop"):
            time.sleep(self.server.hang_s if outcome == "hang" else 0.0)
            self.drop()
        elif outcome == "garbled":
            self._plain("<html>Something else entirely</html>", 200)
        elif outcome == "shapeless":
            self.send({})
        elif outcome == "slow":
            self._drip(content)
        elif isinstance(content, bytes):
            self._plain(content.decode(), 200, "text/event-stream", cut=outcome == "truncate")
        else:
            self.send(content, cut=outcome == "truncate")

    def _plain(self, text: str, status: int, media_type: str = "text/html", *, cut: bool = False) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.wfile.flush()
        self.close_connection = self.close_connection or cut

    def _drip(self, content: object) -> None:
        """All of it, in small pieces, over a second."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        step = max(DRIP_BYTES, len(data) // 20)
        for start in range(0, len(data), step):
            self.wfile.write(data[start : start + step])
            self.wfile.flush()
            time.sleep(0.05)

    def _wanted(self, model: str) -> Wanted:
        self._authorize()
        self._must_have(model)
        try:
            body = camel(json.loads(self.body))
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise invalid("Invalid JSON payload received.")
        if unknown := set(body) - FIELDS:
            raise invalid(f'Invalid JSON payload received. Unknown name "{min(unknown)}": Cannot find field.')
        config = body.get("generationConfig") or {}
        if unknown := set(config) - CONFIG:
            raise invalid(f"Invalid JSON payload received. Unknown name \"{min(unknown)}\" at 'generation_config'")
        contents = body.get("contents")
        if not isinstance(contents, list) or not contents:
            raise invalid("* GenerateContentRequest.contents: contents is not specified")
        searches = any("googleSearch" in tool for tool in body.get("tools") or [])
        schema = config.get("responseSchema") or config.get("responseJsonSchema")
        if searches and schema and model.startswith("gemini-2."):
            raise invalid("controlled generation is not supported with google_search tool")
        if schema and config.get("responseMimeType") != "application/json":
            raise invalid("response_schema needs response_mime_type application/json")
        system = texts(body.get("systemInstruction"))
        words = "\n".join(texts(content) for content in contents)
        return Wanted(model, words, system, body, config, self.server.books.terms, self.server.url)

    def _authorize(self) -> None:
        key = self.headers.get("x-goog-api-key")
        if key is None:
            raise refused(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.")
        if key != KEY:
            info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            raise refused(400, "INVALID_ARGUMENT", f"API key not valid. Please pass a valid API key. ({key})", info)

    def _must_have(self, model: str) -> None:
        if model not in MODELS:
            raise refused(404, "NOT_FOUND", f"models/{model} is not found for API version v1.")


def kind_of(wanted: Wanted) -> str:
    config = wanted.config
    if "AUDIO" in (config.get("responseModalities") or []):
        return "speech"
    if config.get("responseSchema") or config.get("responseJsonSchema"):
        return "checking" if "verdicts" in json.dumps(config) else "writing"
    return "grounding" if any("googleSearch" in tool for tool in wanted.body.get("tools") or []) else "writing"


def answer(kind: str, wanted: Wanted) -> Made:
    name = "tests.emulators.gemini_grounding" if kind == "checking" else f"tests.emulators.gemini_{kind}"
    if find_spec(name) is None:
        return Made([{"text": wanted.text[:200]}])
    module = import_module(name)
    made: Made = (module.check if kind == "checking" else module.answer)(wanted)
    return made


def usage_of(wanted: Wanted, made: Made) -> dict[str, Any]:
    said = "".join(str(part.get("text", "")) for part in made.parts)
    counted = {
        "promptTokenCount": tokens(wanted.system + wanted.text),
        "candidatesTokenCount": tokens(said) if made.output_tokens is None else made.output_tokens,
        "thoughtsTokenCount": 40 if made.modality == "TEXT" else 0,
        "toolUsePromptTokenCount": made.search_tokens,
    }
    details = [{"modality": made.modality, "tokenCount": counted["candidatesTokenCount"]}]
    return counted | {"totalTokenCount": sum(counted.values()), "candidatesTokensDetails": details}


def whole(wanted: Wanted, made: Made, usage: dict[str, Any]) -> dict[str, Any]:
    candidate: dict[str, Any] = {
        "content": {"role": "model", "parts": made.parts},
        "finishReason": made.finish,
        "index": 0,
    }
    if made.grounding is not None:
        candidate["groundingMetadata"] = made.grounding
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": f"{wanted.model}-001",
        "responseId": uuid.uuid4().hex,
    }


def tokens(text: str) -> int:
    return -(-len(text.encode()) // 4)


def texts(content: object) -> str:
    """All text of a content, in any of the shapes it may have."""
    if isinstance(content, str):
        return content
    parts = content.get("parts") or [] if isinstance(content, dict) else []
    parts = parts if isinstance(parts, list) else [parts]
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def camel(value: Any) -> Any:
    """The names of an object in camelCase: the API takes either spelling."""
    if isinstance(value, dict):
        return {re.sub(r"_([a-z])", lambda m: m[1].upper(), name): camel(each) for name, each in value.items()}
    return [camel(each) for each in value] if isinstance(value, list) else value


def described(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "displayName": name,
        "inputTokenLimit": 8192 if name.endswith("tts") else 1_048_576,
        "outputTokenLimit": 16_384 if name.endswith("tts") else 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.gemini")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--state", type=Path, required=True, help="log of requests, JSON lines")
    parser.add_argument("--hang-s", type=float, default=2.0, help="how long an answer that hangs is held back")
    given = parser.parse_args()
    books = Books(given.state, {*BEFORE, *AFTER, *BLOCKS, *SOUNDS})
    server = Emulator(given.port, books, given.hang_s)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(server.url, flush=True)  # noqa: T201 - what it is started for
    server.serve_forever()


if __name__ == "__main__":
    main()
