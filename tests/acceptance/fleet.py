"""The workers of a node without the node: the same command lines, started again as soon as they end."""

from __future__ import annotations

import contextlib
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from models.steps import STEPS, Step
from podmill import nodefile
from podmill.node import service
from podmill.report.status import BatchStatus, batch_status
from podmill.settings import load
from podmill.store.database import open_engine, reading
from tests import warm
from tests.acceptance.conftest import Command, answer

ROOT = Path(__file__).parents[2]
PATIENCE_S = 200.0


class Fleet:
    """Workers and beat of a home folder. Other processes take it for a node that is up; its end is that of the cord."""

    def __init__(self, environment: Mapping[str, str], broker_url: str) -> None:
        self.environment = dict(environment)
        self.broker_url = broker_url
        self.settings, _ = load({name: value for name, value in environment.items() if name.startswith("PODMILL_")})
        self.kills = 0
        self._processes: dict[str, warm.Forked] = {}

    def __enter__(self) -> Fleet:
        self.settings.home.mkdir(parents=True, exist_ok=True)
        nodefile.write(self.settings, broker_url=self.broker_url, web_url=None, flower_url=None)
        self.revive()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for process in self._processes.values():
            process.kill_group()
        for process in self._processes.values():
            process.wait(30)
        nodefile.place(self.settings).unlink()
        open_engine(self.settings).dispose()

    def revive(self) -> None:
        """Start whatever does not run, whoever ended it."""
        for each in (*service.workers(self.settings), service.beat(self.settings)):
            if each.name not in self._processes or self._processes[each.name].poll() is not None:
                assert each.argv[:2] == (sys.executable, "-m")
                log = self.settings.home / f"{each.name}.log"
                self._processes[each.name] = warm.start(each.argv[2:], {**self.environment, **each.env}, ROOT, log)

    def kill_one(self, chance: random.Random) -> None:
        """SIGKILL to a worker, or to one of its pool processes: whichever comes up."""
        name = chance.choice([name for name in self._processes if name != "beat"])
        with contextlib.suppress(psutil.NoSuchProcess):
            worker = psutil.Process(self._processes[name].pid)
            victim = chance.choice([worker, worker, *worker.children()])
            victim.send_signal(signal.SIGKILL)
            self.kills += 1

    def finish(self, podmill: Command, batch: str) -> dict[str, Any]:
        """Until nothing more will happen to a batch; its report."""
        self.wait(lambda: self.status(batch).state != "running")
        return answer(podmill("status", batch, "--json"))

    def reach(self, step: Step, batch: str) -> None:
        """Until every episode of a batch is at this step, or beyond."""
        self.wait(lambda: all(STEPS.index(each.step) >= STEPS.index(step) for each in self.status(batch).episodes))

    def wait(self, until: Callable[[], bool]) -> None:
        """What dies meanwhile is started again. Who waits in vain is shown the end of every log."""
        give_up_at = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < give_up_at, self.logs()
            time.sleep(0.2)
            self.revive()

    def status(self, batch: str) -> BatchStatus:
        with reading(open_engine(self.settings)) as connection:
            return batch_status(connection, batch)

    def logs(self) -> str:
        logs = sorted(self.settings.home.glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text()[-5000:]}" for log in logs)
