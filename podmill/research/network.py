"""Connections that only go where they may, and end when their time is up.

The check sits where the connection is made: the host is resolved once, every address it has is checked, and the socket
is opened to the address that was checked. A name that answers differently the second time (DNS rebinding) gains
nothing, and the certificate is still verified against the name.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import httpcore2

from podmill.errors import SourceError
from podmill.research.addresses import IPAddress, is_public

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


def system_addresses(host: str) -> list[str]:
    """The addresses the system's resolver gives for a host name.

    Raises:
        OSError: it gives none.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


@dataclass(frozen=True, slots=True)
class Network:
    """What connections may be made, and how names are resolved."""

    resolve: Callable[[str], list[str]] = system_addresses
    permits: Callable[[IPAddress], bool] = is_public
    tls: ssl.SSLContext | None = None
    """Unset: the system's trusted authorities."""


class Deadline:
    """A moment by which everything must be over."""

    def __init__(self, duration_s: float) -> None:
        self._ends_at_s = time.monotonic() + duration_s

    def left_s(self) -> float:
        """Seconds left.

        Raises:
            httpcore2.ReadTimeout: none are.
        """
        left_s = self._ends_at_s - time.monotonic()
        if left_s <= 0:
            raise httpcore2.ReadTimeout("the time for the whole transfer is over")
        return left_s


class GuardedBackend(httpcore2.NetworkBackend):
    """Opens sockets to checked addresses only, under one deadline."""

    def __init__(self, network: Network, deadline: Deadline) -> None:
        self._network = network
        self._deadline = deadline
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is the bound
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of the host that answers; ``timeout`` gives way to the deadline.

        Raises:
            SourceError: one of its addresses is not permitted.
            httpcore2.ConnectError: it has no address, or none answers.
        """
        addresses = self._checked(host)
        for position, address in enumerate(addresses):
            share_s = self._deadline.left_s() / (len(addresses) - position)
            try:
                stream = self._sockets.connect_tcp(address, port, share_s, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if position + 1 == len(addresses):
                    raise
            else:
                return _DeadlineStream(stream, self._deadline)
        raise httpcore2.ConnectError(f"{host} has no address")

    def _checked(self, host: str) -> list[str]:
        addresses = _within(self._deadline, self._network.resolve, host.strip("[]"))
        for address in addresses:
            # One forbidden address condemns the host: a mixed answer is how a filter is slipped past.
            if not self._network.permits(ipaddress.ip_address(address.partition("%")[0])):
                raise SourceError(
                    f"{host} is not on the public internet, so it is not read.",
                    action="Save the document as a file, or set PODMILL_FETCH_PRIVATE=true on a network you trust.",
                )
        return addresses


class _DeadlineStream(httpcore2.NetworkStream):
    """A stream whose every operation gets what is left of the deadline, so a slow drip cannot outlast it."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left_s(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left_s(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._left_s(timeout))
        return _DeadlineStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()

    def _left_s(self, timeout_s: float | None) -> float:
        left_s = self._deadline.left_s()
        return left_s if timeout_s is None else min(timeout_s, left_s)


def _within(deadline: Deadline, resolve: Callable[[str], list[str]], host: str) -> list[str]:
    # The system's resolver takes no timeout, so it is waited for from outside.
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host))
        except (OSError, UnicodeError) as exc:
            answers.put(OSError(str(exc)))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left_s())
    except queue.Empty:
        raise httpcore2.ConnectTimeout("no answer from the resolver") from None
    if isinstance(answer, OSError):
        raise httpcore2.ConnectError("the host name cannot be resolved") from answer
    return answer
