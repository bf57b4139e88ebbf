"""Running the web server: ``python -m podmill.web.server``."""

import argparse
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final

import uvicorn

from podmill import settings as configuration
from podmill.errors import ConfigurationError, PodmillError
from podmill.settings import Settings
from podmill.web.app import CostsPage, Status, create_app
from podmill.web.overview import costs_page, overview

_BACKLOG: Final = 2048
_DRAIN_S: Final = 5
"""Seconds that running downloads get when the server is told to stop."""


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    status: Status | None = None,
    costs: CostsPage | None = None,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        port: 0 finds a free one.
        status: what the status page shows.
        costs: the page of costs.
        ready: called with the port once connections are accepted.

    Raises:
        ConfigurationError: the address is reachable from elsewhere and there is no password, or it cannot be bound.
    """
    if settings.web_password is None and not is_loopback(host):
        raise ConfigurationError(
            f"The web server does not open on {host} without a password.",
            action="Set PODMILL_WEB_PASSWORD, or bind to 127.0.0.1.",
        )
    with _bound(host, port) as listener:
        if ready:
            ready(listener.getsockname()[1])
        config = uvicorn.Config(
            create_app(settings, status, costs),
            log_level=settings.log_level.lower(),
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=_DRAIN_S,
        )
        uvicorn.Server(config).run(sockets=[listener])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address. A name counts if all its addresses do."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host or None, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    return bool(host) and all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        raise ConfigurationError(
            f"The web server cannot listen on {host}:{port}: {exc.strerror or exc}.",
            action="Set PODMILL_WEB_PORT to a free port, or to 0.",
        ) from exc


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve with the settings of the environment; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m podmill.web.server", description="Serve the published shows.")
    parser.add_argument("--host", help="address to bind to (PODMILL_WEB_HOST)")
    parser.add_argument("--port", type=int, help="port; 0 finds a free one (PODMILL_WEB_PORT)")
    asked = parser.parse_args(arguments)
    # A process that a shell started in the background inherits an ignored SIGINT: deaf to it until uvicorn runs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        settings = configuration.current()
        host = asked.host or settings.web_host
        port = settings.web_port if asked.port is None else asked.port
        serve(
            settings,
            host,
            port,
            status=lambda: overview(settings),
            costs=lambda query: costs_page(settings, query),
            ready=lambda bound: _announce(host, bound),
        )
    except PodmillError as exc:
        sys.stderr.write(f"{exc}\n")
        return exc.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


def _announce(host: str, port: int) -> None:
    sys.stderr.write(f"Listening on http://{f'[{host}]' if ':' in host else host}:{port}\n")


if __name__ == "__main__":
    sys.exit(main())
