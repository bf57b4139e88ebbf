"""An OpenAI-compatible chat server on this machine, as hosted ones are and as local ones.

    python -m tests.emulators.openai_chat --state requests.jsonl

Prints its address. ``POST /emulator/next`` takes a JSON list of faults, ``POST /emulator/reset`` terms: ``formats``,
the forms of replies it knows (json_schema, json_object; any others are refused), ``limit``, the name that it wants for
the limit of a reply, ``key`` (empty: it asks for none), ``context``, the characters it takes, and ``writing``, as
``tests.emulators.gemini_writing`` reads it.
"""

import argparse
import json
import re
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Final

from tests.emulators.books import Books
from tests.emulators.gemini_writing import written
from tests.emulators.http import Handler, RefusedError, Server

KEY: Final = "emulated-key"
MODELS: Final = ("emulated-llm", "gpt-emulated")
FIELDS: Final = {
    *("model", "messages", "max_tokens", "max_completion_tokens", "stream", "response_format", "temperature", "seed"),
    *("top_p", "stop", "user", "n"),
}


def _error(
    status: int, message: str, code: str | None, kind: str, param: str | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    body = {"error": {"message": message, "type": kind, "code": code, "param": param}}
    return status, body, {name.replace("_", "-"): value for name, value in headers.items()}


BEFORE: Final[dict[str, tuple[int, Any, dict[str, str]]]] = {
    "argument": _error(400, "Invalid value.", None, "invalid_request_error"),
    "too_long": _error(
        *(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
        "invalid_request_error",
    ),
    "policy": _error(400, "Rejected by the content policy.", "content_policy_violation", "invalid_request_error"),
    "key": _error(401, "Incorrect API key provided: emulated-key.", "invalid_api_key", "invalid_request_error"),
    "credit": _error(402, "Payment required.", None, "billing"),
    "permission": _error(403, "Country not supported.", "unsupported_country_region_territory", "request_forbidden"),
    "retired": _error(404, "The model `gpt-1` does not exist.", "model_not_found", "invalid_request_error"),
    "ollama_missing": (404, {"error": "model 'emulated-llm' not found, try pulling it first"}, {}),
    "conflict": _error(409, "Try again.", None, "conflict"),
    "detail": (422, {"detail": [{"loc": ["body", "messages"], "msg": "Field required", "type": "missing"}]}, {}),
    "rate": _error(429, "Rate limit reached.", "rate_limit_exceeded", "requests", Retry_After="12"),
    "quota": _error(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota"),
    "internal": _error(500, "The server had an error.", None, "server_error"),
    "gateway": (502, "<html>Bad Gateway</html>", {}),
    "loading": _error(503, "Loading model", None, "unavailable_error"),
    "retired_400": _error(400, "The model `emulated-llm` is deprecated.", None, "invalid_request_error", "model"),
    "vllm": (404, {"error": {"message": "No such model.", "type": "NotFoundError", "param": "model", "code": 404}}, {}),
    "localai": (500, {"error": {"code": 500, "message": "could not load model", "type": ""}}, {}),
    "unavailable": (503, "", {"Retry-After": "5"}),
    "moved": (307, "elsewhere", {"Location": "https://elsewhere.example/v1/chat/completions"}),
}
"""Nothing is made and nothing is charged."""

LATE: Final = {"too_late": (408, {"error": "Request timed out"}), "given_up": (504, "upstream request timeout")}
"""The completion is made and charged, and somebody on the way gave up waiting for it."""

AFTER: Final = (*LATE, "hang", "drop", "truncate", "garbled", "shapeless", "cut", "filtered", "refusal", "no_usage")
"""The completion is made and charged, and comes too late, not at all, not whole, or as something else."""


class Emulator(Server):
    def __init__(self, port: int, books: Books, hang_s: float) -> None:
        super().__init__(("127.0.0.1", port), Chat)
        self.books = books
        self.hang_s = hang_s


class Chat(Handler):
    server: Emulator
    routes = {  # noqa: RUF012 - a class variable by its declaration in the base class
        r"POST /v1/chat/completions": "complete",
        r"GET /v1/models": "models",
        r"POST /emulator/next": "plan",
        r"POST /emulator/reset": "reset",
    }

    def models(self) -> None:
        self._authorize()
        self.send({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})

    def plan(self) -> None:
        self.server.books.plan(json.loads(self.body))
        self.send({})

    def reset(self) -> None:
        self.server.books.reset(json.loads(self.body))
        self.send({})

    def complete(self) -> None:
        books = self.server.books
        body = self._checked()
        outcome = books.next_fault()
        note = {"model": body["model"], "form": _form(body), "text": body["messages"][-1]["content"], "body": body}
        if outcome in BEFORE:
            status, said, headers = BEFORE[outcome]
            books.note(outcome, status, billed={}, **note)
            raise RefusedError(status, said, headers)
        completion = self._completion(body)
        if outcome in ("cut", "filtered", "refusal", "no_usage"):
            completion = _changed(completion, outcome)
        books.note(outcome, 200, billed=completion.get("usage", {}), **note)
        if outcome in ("hang", "drop"):
            time.sleep(self.server.hang_s if outcome == "hang" else 0.0)
            self.drop()
        elif outcome in LATE:
            raise RefusedError(*LATE[outcome])
        elif outcome == "garbled":
            self.send(b"<html>Something else entirely</html>")
        elif outcome == "shapeless":
            self.send({"object": "chat.completion"})
        else:
            self.send(completion, cut=outcome == "truncate")

    def _checked(self) -> dict[str, Any]:
        try:
            body = json.loads(self.body)
            self._authorize()
            self._must_be_right(body)
        except RefusedError as exc:
            self.server.books.note("refused", exc.status, message=exc.body)
            raise
        except ValueError:
            raise RefusedError(
                *_error(400, "We could not parse the JSON body.", None, "invalid_request_error")
            ) from None
        checked: dict[str, Any] = body
        return checked

    def _authorize(self) -> None:
        key = self.server.books.terms.get("key", KEY)
        if key and self.headers.get("Authorization") != f"Bearer {key}":
            raise RefusedError(*_error(401, "Incorrect API key provided.", "invalid_api_key", "invalid_request_error"))

    def _must_be_right(self, body: Any) -> None:
        terms = self.server.books.terms
        if not isinstance(body, dict) or set(body) - FIELDS:
            raise RefusedError(*_error(400, "Unrecognized request argument supplied.", None, "invalid_request_error"))
        if body.get("model") not in MODELS:
            raise RefusedError(*BEFORE["retired"])
        messages = body.get("messages")
        right = isinstance(messages, list) and messages
        if not right or any(set(m) != {"role", "content"} or not isinstance(m["content"], str) for m in messages):
            raise RefusedError(*BEFORE["detail"])
        if sum(len(message["content"]) for message in messages) > terms.get("context", 10**9):
            raise RefusedError(*BEFORE["too_long"])
        wanted = terms.get("limit")
        if wanted and wanted not in body:
            said = f"Unsupported parameter: 'max_tokens' is not supported with this model. Use '{wanted}' instead."
            raise RefusedError(*_error(400, said, "unsupported_parameter", "invalid_request_error"))
        form = _form(body)
        if form and form not in terms.get("formats", ["json_schema", "json_object"]):
            said = f"Invalid parameter: 'response_format' of type '{form}' is not supported with this model."
            raise RefusedError(*_error(400, said, None, "invalid_request_error"))
        if form == "json_schema":
            strict(body["response_format"]["json_schema"]["schema"])

    def _completion(self, body: dict[str, Any]) -> dict[str, Any]:
        text = body["messages"][-1]["content"]
        reply = written(text, _wanted(body, text), self.server.books.terms)
        usage = {"prompt_tokens": _tokens(json.dumps(body["messages"])), "completion_tokens": _tokens(reply)}
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": f"{body['model']}-001",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": reply}, "finish_reason": "stop"}],
            "usage": usage | {"total_tokens": sum(usage.values())},
        }


def strict(schema: Any) -> None:
    """What strict servers ask of a schema: every property required, no others, no references."""
    if isinstance(schema, list):
        for each in schema:
            strict(each)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema or "$defs" in schema:
        raise RefusedError(*_error(400, "Invalid schema for response_format: $ref.", None, "invalid_request_error"))
    if schema.get("type") == "object":
        complete = schema.get("additionalProperties") is False
        if not complete or set(schema.get("required", [])) != set(schema["properties"]):
            said = "Invalid schema for response_format: 'additionalProperties' and 'required' must be complete."
            raise RefusedError(*_error(400, said, None, "invalid_request_error"))
    for each in schema.values():
        strict(each)


def _form(body: dict[str, Any]) -> str:
    return str((body.get("response_format") or {}).get("type", ""))


def _wanted(body: dict[str, Any], text: str) -> set[str]:
    """The properties that are asked for: in the schema, or in the words of the prompt."""
    if _form(body) == "json_schema":
        return set(body["response_format"]["json_schema"]["schema"]["properties"])
    told = re.findall(r"^The form of your reply, as JSON Schema:\n(\{.*\})$", text, re.MULTILINE)
    return set(json.loads(told[-1])["properties"]) if told else set()


def _changed(completion: dict[str, Any], outcome: str) -> dict[str, Any]:
    choice = completion["choices"][0]
    text = choice["message"]["content"]
    if outcome == "cut":
        choice |= {"finish_reason": "length", "message": choice["message"] | {"content": text[: len(text) // 2]}}
    elif outcome == "filtered":
        choice |= {"finish_reason": "content_filter", "message": choice["message"] | {"content": ""}}
    elif outcome == "refusal":
        choice["message"] |= {"content": None, "refusal": "I can't help with that."}
    else:
        del completion["usage"]
    return completion


def _tokens(text: str) -> int:
    return -(-len(text.encode()) // 4)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.openai_chat")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--state", type=Path, required=True, help="log of requests, JSON lines")
    parser.add_argument("--hang-s", type=float, default=2.0, help="how long an answer that hangs is held back")
    given = parser.parse_args()
    server = Emulator(given.port, Books(given.state, {*BEFORE, *AFTER}), given.hang_s)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - what it is started for
    server.serve_forever()


if __name__ == "__main__":
    main()
