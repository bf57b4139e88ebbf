"""A node: everything Podmill needs on one machine, for as long as a ``with`` lasts or until Ctrl-C."""

import logging
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from podmill import nodefile
from podmill.backup import restoring
from podmill.errors import ConfigurationError
from podmill.node import broker, service
from podmill.node.supervisor import Supervisor
from podmill.settings import Settings
from podmill.store.database import open_engine

log = logging.getLogger(__name__)

GRACE_S = 5.0
"""For handing back what was not drained, and ending, after ``PODMILL_DRAIN_S``."""


class Node:
    """Broker (unless one is set), a worker for each kind of work, beat; the web and Flower when asked for.

    Only one node may run on a home folder.
    """

    def __init__(self, settings: Settings, *, web: bool = False, flower: bool = False) -> None:
        self.settings = settings
        self._with_web = web
        self._with_flower = flower
        self._supervisor = Supervisor(settings.home / "logs", {"PODMILL_HOME": str(settings.home)})
        self._held = ExitStack()
        self.info: nodefile.NodeInfo | None = None

    def __enter__(self) -> "Node":
        self._held.enter_context(nodefile.held(self.settings))
        try:
            restoring.recover(self.settings)
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._supervisor.stop(self.settings.drain_s + GRACE_S)
        nodefile.place(self.settings).unlink(missing_ok=True)
        self._held.close()

    def pids(self) -> dict[str, int]:
        """Process id by service name."""
        return self._supervisor.pids()

    def _start(self) -> None:
        settings = self.settings
        open_engine(settings)
        web_port = _claim(settings.web_host, settings.web_port, "PODMILL_WEB_PORT") if self._with_web else None
        flower_port = _claim("127.0.0.1", settings.flower_port, "PODMILL_FLOWER_PORT") if self._with_flower else None
        if settings.broker_url:
            broker_url = settings.broker_url.get_secret_value()
        else:
            port = broker.free_port()
            broker_url = f"redis://127.0.0.1:{port}/0"
            self._supervisor.start(broker.service(settings.home / "broker", port))
        broker.wait_until_ready(broker_url)
        self.info = nodefile.write(
            settings,
            broker_url=broker_url,
            web_url=f"http://{settings.web_host}:{web_port}" if web_port else None,
            flower_url=f"http://127.0.0.1:{flower_port}" if flower_port else None,
        )
        for each in (*service.workers(settings), service.beat(settings)):
            self._supervisor.start(each)
        if web_port:
            self._supervisor.start(service.web(settings, web_port, nodefile.password(settings, settings.web_password)))
        if flower_port:
            self._supervisor.start(service.flower(flower_port))


def up(settings: Settings, announce: Callable[[Node], None]) -> None:
    """Run a node in the foreground until SIGINT or SIGTERM, then drain it."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Node(settings, web=True, flower=True) as node:
        announce(node)
        stop.wait()
        log.info("stopping: running steps finish or are handed back")


def _claim(host: str, port: int, setting: str) -> int:
    """The port itself if nobody listens on it; a free one for 0.

    Raises:
        ConfigurationError: it is taken.
    """
    if port == 0:
        return broker.free_port(host)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise ConfigurationError(
                f"Port {port} of {host} cannot be used: {exc.strerror}.", action=f"Set {setting} to another, or to 0."
            ) from exc
    return port
