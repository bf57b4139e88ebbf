"""A provider for the limiter's benchmark: a real HTTP server that counts what reaches it, by its own clock.

Run by ``benchmarks.limiter`` as a process of its own. ``POST /`` works on a request; ``GET /`` tells what was counted.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class Provider(BaseHTTPRequestHandler):
    """Works on each request for ``takes_s`` and refuses none: it counts."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    takes_s: ClassVar[float]
    arrivals_s: ClassVar[list[float]] = []
    open_requests: ClassVar[int] = 0
    at_once_peak: ClassVar[int] = 0
    lock: ClassVar[threading.Lock] = threading.Lock()

    def do_POST(self) -> None:
        """Count the request, and answer with how many are being worked on."""
        with self.lock:
            self.arrivals_s.append(time.monotonic())
            Provider.open_requests += 1
            Provider.at_once_peak = max(self.at_once_peak, self.open_requests)
            at_once = self.open_requests
        time.sleep(self.takes_s)
        with self.lock:
            Provider.open_requests -= 1
        self._answer({"at_once": at_once})

    def do_GET(self) -> None:
        """What was counted: every arrival in seconds, and the most requests at once."""
        with self.lock:
            self._answer({"arrivals_s": sorted(self.arrivals_s), "at_once_peak": self.at_once_peak})

    def _answer(self, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the figures are asked for."""


class Server(ThreadingHTTPServer):
    """Room for all workers to connect at the same moment."""

    daemon_threads = True
    request_queue_size = 256


def main() -> None:
    Provider.takes_s = float(sys.argv[1])
    server = Server(("127.0.0.1", 0), Provider)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
