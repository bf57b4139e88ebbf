"""Starting a private server on a free port of the loopback interface, and stopping it for certain."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

import pytest

START_S: Final = 30.0
STOP_S: Final = 10.0


def missing(what: str, package: str) -> NoReturn:
    """Skip on a person's machine; fail on CI, where ``tests/servers/install`` has to have installed it."""
    message = f"{what} is not installed: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A private server on a free port. It can be stopped and started again on the same one."""

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        ready: Callable[[int], bool],
        *,
        log: Path,
        user: int | None = None,
        stop: signal.Signals = signal.SIGTERM,
    ) -> None:
        """
        Args:
            command: the command line for a port.
            ready: whether the server on that port answers, and is the one that was started.
            user: id of the user to run as; None for the present one.
            stop: the signal that makes it exit at once and in order.
        """
        self._command, self._ready, self._log, self._user, self._signal = command, ready, log, user, stop
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """
        Raises:
            RuntimeError: it did not answer within 30 s; the message has the end of its log.
        """
        # Another process may take the port between the look and the start; then it exits and the next one is tried.
        for _ in range(3):
            port = self.port or free_port()
            if self._answers(port):
                self.port = port
                return
            self.stop()
        raise RuntimeError(f"The server did not start: {self._log.read_text(errors='replace')[-2000:]}")

    def _answers(self, port: int) -> bool:
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command(port), stdin=subprocess.DEVNULL, stdout=output, stderr=output, user=self._user, cwd="/"
            )
        deadline = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if self._ready(port):
                return True
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self._signal)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)


@contextmanager
def served(server: Server) -> Iterator[Server]:
    """The server, running, and stopped for certain."""
    try:
        server.start()
        yield server
    finally:
        server.stop()
