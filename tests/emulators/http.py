"""What every emulated provider is built on: a real HTTP/1.1 server that keeps connections open."""

import json
import re
import socket
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

BODY_MAX: Final = 1 << 20


class RefusedError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, by its own choice or killed, is nothing to report."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Calls the method that ``routes`` names for an address, with what its parentheses matched."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    routes: ClassVar[Mapping[str, str]]
    """``"GET /v1/history/([^/]+)": "history_item"``."""

    def do_GET(self) -> None:
        self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        """The log is the account's."""

    def send(
        self, content: object, status: int = 200, headers: Mapping[str, str] | None = None, *, cut: bool = False
    ) -> None:
        """Answer with audio (bytes) or JSON; ``cut``: half of it, and the connection ends."""
        audio = isinstance(content, bytes)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "audio/mpeg" if audio else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.wfile.flush()
        self.close_connection = self.close_connection or cut

    def drop(self) -> None:
        """End the connection without an answer."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _route(self, method: str) -> None:
        parts = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_MAX))
        try:
            for pattern, name in self.routes.items():
                if match := re.fullmatch(pattern, f"{method} {parts.path}"):
                    getattr(self, name)(*match.groups())
                    return
            self.send({"detail": "Not Found"}, 404)
        except RefusedError as refused:
            self.send(refused.body, refused.status, refused.headers)
