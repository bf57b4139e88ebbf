"""Episodes a second through the whole machinery, with steps that do nothing: ``python -m benchmarks.throughput``

One batch on PostgreSQL (every commit flushed) and Valkey; real Celery workers, beat, admission and reconciler. Timed
from the submission to the last publication.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import servers

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from models.brief import Brief

WAIT_S: Final = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput")
    parser.add_argument("--episodes", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--threads", type=int, default=4, help="threads of each")
    given = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="podmill-bench-")))
        os.environ["PODMILL_HOME"] = str(home)
        os.environ["PODMILL_LOG_LEVEL"] = "WARNING"
        os.environ["PODMILL_BROKER_URL"] = stack.enter_context(servers.broker(home / "broker"))
        os.environ["PODMILL_DATABASE_URL"] = stack.enter_context(servers.postgres())
        print(json.dumps(measure(given.episodes, given.workers, given.threads), indent=2))


def measure(episodes: int, workers: int, threads: int) -> dict[str, object]:
    """Episodes a second, how full the chain was, and the share of deliveries that found nothing to do."""
    from pipelines.episode import NewEpisode, make_many
    from podcast_tasks import admission, deliveries
    from podmill.settings import current
    from podmill.store.database import open_engine, reading, transaction

    settings = current()
    engine = open_engine(settings)
    brief = _batch(engine)
    everything = "research,scripting,synthesis.gpu,synthesis.api,verification,audio,publishing,upkeep"
    worker = ("worker", f"--queues={everything}", "--pool=threads", f"--concurrency={threads}")
    quiet = ("--without-gossip", "--without-mingle")
    with ExitStack() as stack:
        for number in range(workers):
            stack.enter_context(_celery(*worker, *quiet, f"--hostname=bench{number}@%h"))
        stack.enter_context(_celery("beat", f"--schedule={settings.home / 'beat'}", "--pidfile="))
        _wait_for_workers(workers)
        began = time.perf_counter()
        with transaction(engine) as connection:
            rows = [NewEpisode(str(number), brief, "x", number) for number in range(episodes)]
            make_many(connection, rows, account="default", batch_id="bench")
        admission.admit(engine, settings)
        fullest = 0
        while True:
            with reading(engine) as connection:
                fullest = max(fullest, admission.in_chain(connection))
                states = _states(connection)
            if states.get("published") == episodes:
                break
            if time.perf_counter() - began > WAIT_S or "failed" in states:
                raise RuntimeError(f"Not all were published: {states}.")
            time.sleep(0.25)
        took_s = time.perf_counter() - began
        done, nothing = deliveries.counted()
    return {
        "episodes": episodes,
        "took_s": round(took_s, 1),
        "episodes_per_s": round(episodes / took_s, 1),
        "steps_per_s": round(done / took_s, 1),
        "most_in_chain": fullest,
        "deliveries": done + nothing,
        "deliveries_of_nothing": nothing,
    }


def _batch(engine: "Engine") -> "Brief":
    """A show and an empty batch; returns the brief of its episodes."""
    from models.brief import Brief
    from models.tables import Batch, Show, table
    from podmill.money.ledger import Ledger
    from podmill.store.database import transaction

    Ledger(engine).open_account("default", None)
    show = Show(slug="bench", title="Bench", guid="00000000-0000-5000-8000-000000000000", created_at=0.0)
    batch = Batch(id="bench", name="bench", fingerprint="bench", show="bench", created_at=0.0)
    with transaction(engine) as connection:
        connection.execute(table(Show).insert().values(show.model_dump()))
        connection.execute(table(Batch).insert().values(batch.model_dump()))
    return Brief(show="bench", topic="nothing")


def _states(connection: "Connection") -> dict[str, int]:
    from sqlalchemy import func, select

    from models.tables import Episode, table

    state = table(Episode).c.state
    return {row[0]: row[1] for row in connection.execute(select(state, func.count()).group_by(state))}


@contextmanager
def _celery(*arguments: str) -> Iterator[None]:
    argv = [sys.executable, "-m", "celery", "-A", "benchmarks.noop_steps", *arguments]
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _wait_for_workers(count: int) -> None:
    from podcast_tasks.app import app

    deadline = time.monotonic() + 60
    while len(app.control.ping(timeout=1.0) or ()) < count:
        if time.monotonic() > deadline:
            raise RuntimeError("The workers did not start.")


if __name__ == "__main__":
    main()
