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


@contextmanager
def served(
    command: Callable[[int], Sequence[str]],
    ready: Callable[[int], bool],
    *,
    log: Path,
    user: int | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[int]:
    """A running server's port.

    Args:
        command: the command line for a port.
        ready: whether the server on that port answers, and is the one that was started.
        user: id of the user to run as; None for the present one.
        stop: the signal that makes it exit at once and in order.

    Raises:
        RuntimeError: it did not answer within 30 s; the message has the end of its log.
    """
    # Another process may take the port between the look and the start; then the server exits and the next one is tried.
    for _ in range(3):
        port = free_port()
        with log.open("ab") as output:
            process = subprocess.Popen(
                command(port), stdin=subprocess.DEVNULL, stdout=output, stderr=output, user=user, cwd="/"
            )
        try:
            deadline = time.monotonic() + START_S
            while process.poll() is None and time.monotonic() < deadline:
                if ready(port):
                    yield port
                    return
                time.sleep(0.05)
        finally:
            _end(process, stop)
    raise RuntimeError(f"The server did not start: {log.read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)
