"""Celery workers of the tiny steps, and the database they work on."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Row, create_engine, func, select

from models.tables import Event, table
from podcast_tasks.journal import EPISODE, STEP_RUN
from podcast_tasks.queues import NAMES
from podmill.settings import load
from tests.warm import Forked, run, start

EVENT = table(Event)
ROOT = Path(__file__).parents[2]
STEP_QUEUES = ",".join(name for name in NAMES if name != "upkeep")
PATIENCE_S = 200.0


class TinyNode:
    """Processes under one home folder. Everything it started is gone when it is closed."""

    def __init__(self, home: Path, broker_url: str, **env: str) -> None:
        self.home = home
        self.env = {**os.environ, "PODMILL_HOME": str(home), "PODMILL_BROKER_URL": broker_url, **env}
        named = {name: value for name, value in self.env.items() if name.startswith("PODMILL_")}
        self.engine = create_engine(load(named)[0].database)
        self.processes: list[Forked] = []

    def __enter__(self) -> "TinyNode":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill_group()
            process.wait(30)
        self.engine.dispose()

    def worker(self, pool: str, concurrency: int = 1) -> Forked:
        """A worker of all steps."""
        return self._celery("worker", f"--queues={STEP_QUEUES}", f"--pool={pool}", f"--concurrency={concurrency}")

    def upkeep(self) -> Forked:
        """A worker that reconciles, with its own clock."""
        schedule = self.home / "beat-schedule"
        return self._celery("worker", "--queues=upkeep", "--pool=solo", "--beat", f"--schedule={schedule}")

    def _celery(self, *arguments: str) -> Forked:
        name = f"tiny{len(self.processes)}"
        program = ["celery", "-A", "tests.acceptance.tiny_steps", *arguments]
        options = [f"--hostname={name}@%h", "--without-gossip", "--without-mingle"]
        process = start([*program, *options], self.env, ROOT, self.home / f"{name}.log")
        self.processes.append(process)
        return process

    def make(self, *topics: str) -> list[str]:
        """Episodes of these topics, sent; their ids."""
        made = run(["tests.acceptance.tiny_steps", *topics], self.env, ROOT, PATIENCE_S)
        assert made.returncode == 0, made.stderr
        return made.stdout.split()

    def release(self, episode_id: str) -> None:
        """From now on this episode's research neither hangs nor waits."""
        (self.home / f"{episode_id}.released").touch()

    def has(self, episode_id: str, what: str) -> bool:
        return (self.home / f"{episode_id}.{what}").exists()

    def wait(self, until: Callable[[], Any]) -> None:
        """For something to become true; a test that waits in vain shows the end of every log."""
        give_up_at = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < give_up_at, self.logs()
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(f"== {log.name}\n{log.read_text()[-5000:]}" for log in sorted(self.home.glob("*.log")))

    def episode(self, episode_id: str) -> Row[Any]:
        with self.engine.connect() as connection:
            return connection.execute(select(EPISODE).where(EPISODE.c.id == episode_id)).one()

    def research(self, episode_id: str) -> Row[Any]:
        """The step run of its research."""
        with self.engine.connect() as connection:
            return connection.execute(
                select(STEP_RUN).where(STEP_RUN.c.episode_id == episode_id, STEP_RUN.c.step == "research")
            ).one()

    def records(self, episode_id: str) -> int:
        """How many steps were recorded for it, by its history."""
        with self.engine.connect() as connection:
            return int(
                connection.scalar(
                    select(func.count()).where(EVENT.c.episode_id == episode_id, EVENT.c.kind == "step_done")
                )
            )

    def is_published(self, episode_id: str) -> bool:
        return bool(self.episode(episode_id).state == "published")
