"""Exa on this machine: ``POST /search`` and ``/contents`` with its checks, costs and faults.

    python -m tests.emulators.exa --state requests.jsonl

Prints its address. ``POST /emulator/next`` and ``/emulator/reset`` as for Gemini.
"""

import argparse
import json
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Final

from tests.emulators.books import Books
from tests.emulators.http import Handler, RefusedError, Server
from tests.emulators.site import ARTICLES, places_of

KEY: Final = "emulated-key"
FIELDS: Final = {
    *("query", "numResults", "type", "category", "contents", "includeDomains", "excludeDomains", "userLocation"),
    *("startPublishedDate", "endPublishedDate", "startCrawlDate", "endCrawlDate", "includeText", "excludeText"),
    *("additionalQueries", "systemPrompt", "outputSchema", "moderation"),
}
TYPES: Final = ("auto", "fast", "instant", "lite", "deep", "deep-reasoning", "neural", "keyword")
SEARCH_USD: Final = 0.007
FURTHER_USD: Final = 0.001


def _body(error: str, tag: str | None = None) -> dict[str, Any]:
    body = {"requestId": uuid.uuid4().hex, "error": error}
    return body | ({"tag": tag} if tag else {})


BEFORE: Final[dict[str, tuple[int, Any, dict[str, str]]]] = {
    "invalid": (400, _body("Validation error", "INVALID_REQUEST_BODY"), {}),
    "results": (400, _body("Too many results", "NUM_RESULTS_EXCEEDED"), {}),
    "moderated": (400, _body("The query was refused by moderation"), {}),
    "moderated_403": (403, _body("This search was blocked", "CONTENT_MODERATION"), {}),
    "urls": (400, _body("Invalid URLs", "INVALID_URLS"), {}),
    "key": (401, _body(f"Invalid API key {KEY}", "INVALID_API_KEY"), {}),
    "credits": (402, _body("You have no more credits", "NO_MORE_CREDITS"), {}),
    "budget": (402, _body("The key has used its budget", "API_KEY_BUDGET_EXCEEDED"), {}),
    "forbidden": (403, _body("This plan does not allow it"), {}),
    "missing": (404, _body("Not found"), {}),
    "conflict": (409, _body("Conflict"), {}),
    "unprocessable": (422, _body("Unprocessable"), {}),
    "rate": (429, {"error": "You've exceeded your Exa rate limit of 10 requests per second."}, {}),
    "rate_header": (429, {"error": "rate limit"}, {"Retry-After": "4"}),
    "error": (500, _body("Internal error"), {}),
    "gateway": (502, "<html>Bad gateway</html>", {}),
    "unavailable": (503, _body("Unavailable"), {"Retry-After": "9"}),
    "moved": (308, "", {"Location": "https://elsewhere.example/search"}),
}
AFTER: Final = ("hang", "drop", "truncate", "shapeless", "garbled", "free", "none")


class Emulator(Server):
    def __init__(self, port: int, books: Books, hang_s: float) -> None:
        super().__init__(("127.0.0.1", port), Exa)
        self.books = books
        self.hang_s = hang_s


class Exa(Handler):
    server: Emulator
    routes = {  # noqa: RUF012 - a class variable by its declaration in the base class
        r"POST /search": "search",
        r"POST /contents": "contents",
        r"POST /emulator/next": "plan",
        r"POST /emulator/reset": "reset",
    }

    def search(self) -> None:
        books = self.server.books
        try:
            wanted = self._wanted()
        except RefusedError as exc:
            books.note("refused", exc.status)
            raise
        outcome = books.next_fault()
        if outcome in BEFORE:
            status, body, headers = BEFORE[outcome]
            books.note(outcome, status, body=wanted, billed_usd=0)
            self._error(status, body, headers)
            return
        answer = self._answer(wanted)
        if outcome == "none":
            answer["results"] = []
        if outcome == "free":
            del answer["costDollars"]
        books.note(outcome, 200, body=wanted, billed_usd=answer.get("costDollars", {}).get("total", 0))
        if outcome in ("hang", "drop"):
            time.sleep(self.server.hang_s if outcome == "hang" else 0.0)
            self.drop()
        elif outcome == "garbled":
            self._error(200, "<html>Something else</html>", {})
        else:
            self.send({} if outcome == "shapeless" else answer, cut=outcome == "truncate")

    def contents(self) -> None:
        """Only what asks for no page, which is refused. ``key_last`` of the terms: before the key is looked at."""
        checks = [self._authorize, self._must_ask]
        try:
            for check in reversed(checks) if self.server.books.terms.get("key_last") else checks:
                check()
        except RefusedError as exc:
            self.server.books.note("refused", exc.status, billed_usd=0)
            raise
        self.send({"requestId": uuid.uuid4().hex, "results": [], "statuses": []})

    def _authorize(self) -> None:
        terms = self.server.books.terms
        if self.headers.get("x-api-key") != KEY:
            raise RefusedError(401, _body("Invalid API key", "INVALID_API_KEY"))
        if terms.get("broke"):
            raise RefusedError(*BEFORE["credits"])

    def _must_ask(self) -> None:
        if not json.loads(self.body).get("urls"):
            raise RefusedError(400, _body("urls: at least 1", "INVALID_REQUEST_BODY"))

    def plan(self) -> None:
        self.server.books.plan(json.loads(self.body))
        self.send({})

    def reset(self) -> None:
        self.server.books.reset(json.loads(self.body))
        self.send({})

    def _wanted(self) -> dict[str, Any]:
        self._authorize()
        try:
            body = json.loads(self.body)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("query"), str) or not body["query"].strip():
            raise RefusedError(400, _body("query: Required", "INVALID_REQUEST_BODY"))
        if unknown := set(body) - FIELDS:
            raise RefusedError(400, _body(f"Unrecognized key: {min(unknown)}", "INVALID_REQUEST_BODY"))
        if not 1 <= body.get("numResults", 10) <= 100:
            raise RefusedError(400, _body("numResults: at most 100", "NUM_RESULTS_EXCEEDED"))
        if body.get("type", "auto") not in TYPES:
            raise RefusedError(400, _body("type: Invalid enum value", "INVALID_REQUEST_BODY"))
        return body

    def _answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        terms = self.server.books.terms
        count = wanted.get("numResults", 10)
        places = [*places_of(wanted["query"]), *terms.get("extra", ("away",))]
        contents = wanted.get("contents") or {}
        results = [_result(str(terms.get("site", "")), place, contents) for place in places[:count]]
        total = SEARCH_USD + FURTHER_USD * max(count - 10, 0)
        return {
            "requestId": uuid.uuid4().hex,
            "resolvedSearchType": "neural",
            "searchTime": 12.5,
            "results": results,
            "costDollars": {"total": total, "search": {"neural": total}},
        }

    def _error(self, status: int, body: object, headers: dict[str, str]) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _result(site: str, place: str, contents: dict[str, Any]) -> dict[str, Any]:
    article = ARTICLES.get(place)
    url = f"{site}/{place}"
    result: dict[str, Any] = {"id": url, "url": url, "title": article.title if article else place, "score": 0.3}
    if article:
        result |= {"author": article.author, "publishedDate": f"{article.date}T00:00:00.000Z"}
        if contents.get("text"):
            result["text"] = "\n".join(article.paragraphs)
        if contents.get("highlights"):
            result |= {"highlights": [article.paragraphs[0]], "highlightScores": [0.4]}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.exa")
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
