"""Keeping processes alive, and stopping them all."""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from podmill.node import leash
from podmill.node.service import Service

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
LONGEST_PAUSE_S = 30.0
"""Before a service that keeps dying is started again."""
STEADY_S = 60.0
"""A service that ran this long starts again at once."""
LARGEST_LOG_BYTES = 20_000_000
"""A longer log becomes the one before it, ``.log.1``: of each service twice this is kept."""


@dataclass(slots=True)
class _Child:
    service: Service
    process: "subprocess.Popen[bytes]"
    started_at: float
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """Starts services with ``env`` added to its environment, restarts what dies, stops all of them for certain.

    Every service is the leader of its own session: a Ctrl-C in the terminal reaches only the supervisor, and a kill of
    the group reaches what the service started itself.
    """

    def __init__(self, log_dir: Path, env: Mapping[str, str]) -> None:
        self._log_dir = log_dir
        self._env = env
        self._children: list[_Child] = []
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._lock = threading.Lock()

    def start(self, service: Service) -> None:
        with self._lock:
            self._children.append(_Child(service, self._spawn(service), time.monotonic()))
        if not self._watcher.is_alive():
            self._watcher.start()

    def pids(self) -> dict[str, int]:
        """Process id by service name."""
        with self._lock:
            return {child.service.name: child.process.pid for child in self._children}

    def stop(self, grace_s: float) -> None:
        """Ask every service to finish, last started first; kill what is left after the grace time.

        The first service started, the broker, is asked only when all others have ended: they need it to hand back what
        they hold.
        """
        with self._lock:
            self._stopping.set()
        deadline = time.monotonic() + grace_s
        for group in (self._children[:0:-1], self._children[:1]):
            for child in group:
                _signal(child.process, signal.SIGTERM)
            for child in group:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(deadline - time.monotonic(), 1.0))
            for child in group:
                if child.process.poll() is None:
                    log.warning("%s did not end in time and is killed; its steps are handed back", child.service.name)
                # The group outlives its leader when a pool process hangs.
                _signal(child.process, signal.SIGKILL)
                child.process.wait()
        self._children.clear()
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join()

    def _spawn(self, service: Service) -> "subprocess.Popen[bytes]":
        self._log_dir.mkdir(parents=True, exist_ok=True)
        with self._log_of(service).open("ab") as out:
            return subprocess.Popen(  # noqa: S603 - our own command lines
                (*_leash(), *service.argv),
                env={**os.environ, **self._env, **service.env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _log_of(self, service: Service) -> Path:
        return self._log_dir / f"{service.name}.log"

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            with self._lock:
                if self._stopping.is_set():
                    break
                for child in self._children:
                    self._look_after(child)
                    _bound(self._log_of(child.service))
        # The kernel tells a child that its parent died when the thread that started it ends: what this thread started
        # again, the broker too, would be ended at once and out of order.
        self._stopped.wait()

    def _look_after(self, child: _Child) -> None:
        moment = time.monotonic()
        if child.restart_at is not None:
            if moment >= child.restart_at:
                child.process, child.started_at, child.restart_at = self._spawn(child.service), moment, None
            return
        code = child.process.poll()
        if code is None:
            return
        _signal(child.process, signal.SIGKILL)
        child.failures = 0 if moment - child.started_at > STEADY_S else child.failures + 1
        pause_s = 0.0 if child.failures <= 1 else min(2.0 ** (child.failures - 2), LONGEST_PAUSE_S)
        log.warning("%s ended with %s; starting it again in %.0f s", child.service.name, code, pause_s)
        child.restart_at = moment + pause_s


def _bound(log_file: Path) -> None:
    """Move a log's text aside when it has grown too long. Its writer keeps it open and appends, so it is emptied."""
    try:
        if log_file.stat().st_size > LARGEST_LOG_BYTES:
            shutil.copyfile(log_file, log_file.with_suffix(".log.1"))
            os.truncate(log_file, 0)
    except OSError as exc:
        log.warning("%s could not be shortened: %s", log_file, exc)


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """To the whole group when killing, to the leader alone when asking: a warm shutdown is the leader's to lead."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if number is signal.SIGKILL:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)


def _leash() -> tuple[str, ...]:
    """What a command line begins with so that the supervisor's death is the child's too.

    Without its broker a service could not end in order.
    """
    if sys.platform != "linux":
        return ()
    # Neither site packages nor the environment's Python settings: it only takes the time of a bare interpreter.
    return (sys.executable, "-I", "-S", leash.__file__, str(os.getpid()))
