"""Overhead of the journal: a chain of seven journalled no-op steps against seven bare Celery no-ops.

Same broker, same worker, same run, one chain at a time and the two kinds in turn.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 40


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
        os.environ["PODMILL_HOME"] = folder
        os.environ["PODMILL_LOG_LEVEL"] = "WARNING"
        print(json.dumps(measure(Path(folder)), indent=2))


def measure(home: Path) -> dict[str, float]:
    """Median latency of both kinds in milliseconds, and their ratio."""
    from podmill.node import broker
    from podmill.node.supervisor import Supervisor

    port = broker.free_port()
    url = f"redis://127.0.0.1:{port}/0"
    os.environ["PODMILL_BROKER_URL"] = url
    supervisor = Supervisor(home / "logs", {})
    supervisor.start(broker.service(home / "broker", port))
    broker.wait_until_ready(url)
    argv = [sys.executable, "-m", "celery", "-A", "benchmarks.noop_tasks", "worker", "-Q", "bench", "-c", "2"]
    worker = subprocess.Popen(
        [*argv, "--pool=threads", "--without-gossip", "--without-mingle"], stderr=subprocess.DEVNULL
    )
    try:
        return _compare(url)
    finally:
        worker.terminate()
        worker.wait(30)
        supervisor.stop(5)


def _compare(url: str) -> dict[str, float]:
    import redis

    from benchmarks.noop_tasks import chain_of
    from models.brief import Brief
    from models.tables import Show, table
    from pipelines import episode as episodes
    from podmill.money.ledger import Ledger
    from podmill.settings import current
    from podmill.store.database import open_engine, transaction

    engine = open_engine(current())
    Ledger(engine).open_account("default", None)
    show = Show(slug="bench", title="Bench", guid="00000000-0000-5000-8000-000000000000", created_at=0.0)
    with transaction(engine) as connection:
        connection.execute(table(Show).insert().values(show.model_dump()))
    client = redis.Redis.from_url(url, socket_timeout=60)
    prefix = current().broker_prefix
    took_ms: dict[str, list[float]] = {"bare": [], "journalled": []}
    for number in range(ROUNDS + 1):
        with transaction(engine) as connection:
            made, _ = episodes.make(
                connection, key=str(number), brief=Brief(show="bench"), title="x", account="default"
            )
        for kind, token in (("bare", f"bare{number}"), ("journalled", made)):
            began = time.perf_counter()
            chain_of(kind, token).apply_async()
            if client.blpop([f"{prefix}bench:{token}"], timeout=30) is None:
                raise RuntimeError(f"The {kind} chain did not end within 30 s.")
            if number:  # the first pair warms up
                took_ms[kind].append((time.perf_counter() - began) * 1000)
    bare, journalled = (statistics.median(took_ms[kind]) for kind in ("bare", "journalled"))
    return {
        "rounds": ROUNDS,
        "bare_median_ms": round(bare, 1),
        "journalled_median_ms": round(journalled, 1),
        "ratio": round(journalled / bare, 2),
    }


if __name__ == "__main__":
    main()
