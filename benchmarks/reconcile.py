"""A pass of the reconciler with 10,000 open episodes: ``python -m benchmarks.reconcile [EPISODES]``

On SQLite and on PostgreSQL, with the bundled Valkey, in each situation that it may find. Milliseconds, whole passes.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import servers

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from podcast_tasks.journal import Journal

EPISODES: Final = 10_000
BATCHES: Final = 4
PASSES: Final = 7


def main() -> None:
    episodes = int(sys.argv[1]) if len(sys.argv) > 1 else EPISODES
    figures: dict[str, object] = {"episodes": episodes, "passes": PASSES}
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="podmill-bench-")))
        broker_url = stack.enter_context(servers.broker(home / "broker"))
        os.environ |= {"PODMILL_HOME": str(home), "PODMILL_BROKER_URL": broker_url, "PODMILL_LOG_LEVEL": "ERROR"}
        figures["sqlite"] = measure(home, None, episodes)
        figures["postgresql"] = measure(home, stack.enter_context(servers.postgres()), episodes)
    print(json.dumps(figures, indent=2))


def measure(home: Path, database_url: str | None, episodes: int) -> dict[str, object]:
    """Median and longest pass in milliseconds, by situation."""
    from podcast_tasks.journal import Journal
    from podmill.settings import load
    from podmill.store.database import open_engine

    env = {"PODMILL_HOME": str(home)} | ({"PODMILL_DATABASE_URL": database_url} if database_url else {})
    settings = load(env)[0]
    engine = open_engine(settings)
    _fill(engine, episodes)
    journal = Journal(engine, settings)
    everybody = Journal(engine, settings.model_copy(update={"episodes_at_once": episodes}))
    figures: dict[str, object] = {
        "first window let in": _passes(journal, passes=1),
        "chain full, queue full, all others waiting": _passes(journal),
        "broker wiped, window sent again": _passes(journal, before=_wipe, passes=1),
        "one place free": _passes(journal, before=_finish_one),
    }
    _set_runs(engine, state="parked", not_before=2e9)
    figures["all parked until later"] = _passes(journal)
    _set_runs(engine, state="due", not_before=None, sent_at=None)
    _wipe(everybody)
    _passes(everybody, passes=1)
    _set_runs(engine, sent_at=1.0)
    figures["all in the chain, queue full"] = _passes(everybody)
    engine.dispose()
    return figures


def _passes(
    journal: "Journal", *, before: "Callable[[Journal], None] | None" = None, passes: int = PASSES
) -> dict[str, float]:
    from podcast_tasks.reconciler import reconcile

    took_ms = []
    sent = 0
    for _ in range(passes):
        if before:
            before(journal)
        began = time.perf_counter()
        sent = reconcile(journal)
        took_ms.append((time.perf_counter() - began) * 1000)
    return {"median_ms": round(statistics.median(took_ms), 1), "longest_ms": round(max(took_ms), 1), "sent": sent}


def _fill(engine: "Engine", episodes: int) -> None:
    from models.brief import Brief
    from models.tables import Batch, Show, table
    from pipelines.episode import NewEpisode, make_many
    from podmill.money.ledger import Ledger
    from podmill.store.database import transaction

    Ledger(engine).open_account("default", None)
    show = Show(slug="bench", title="Bench", guid="00000000-0000-5000-8000-000000000000", created_at=0.0)
    brief = Brief(show="bench", topic="The keepers of the lights", summary="A lamp was lit each evening. " * 30)
    with transaction(engine) as connection:
        connection.execute(table(Show).insert().values(show.model_dump()))
        for number in range(BATCHES):
            batch = Batch(id=f"b{number}", name="b", fingerprint=f"b{number}", show="bench", created_at=float(number))
            connection.execute(table(Batch).insert().values(batch.model_dump()))
            rows = [NewEpisode(f"{number}-{n}", brief, "x", n) for n in range(episodes // BATCHES)]
            make_many(connection, rows, account="default", batch_id=batch.id)


def _set_runs(engine: "Engine", **values: object) -> None:
    from sqlalchemy import update

    from podcast_tasks.journal import STEP_RUN
    from podmill.store.database import transaction

    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).values(**values))


def _wipe(journal: "Journal") -> None:
    from sqlalchemy import update

    from podcast_tasks import broker
    from podcast_tasks.journal import STEP_RUN
    from podmill.store.database import transaction

    broker.client().flushall()
    with transaction(journal.engine) as connection:
        connection.execute(update(STEP_RUN).where(STEP_RUN.c.sent_at.is_not(None)).values(sent_at=1.0))


def _finish_one(journal: "Journal") -> None:
    from sqlalchemy import select, update

    from podcast_tasks import broker
    from podcast_tasks.journal import EPISODE, STEP_RUN
    from podcast_tasks.queues import LATER, list_of
    from podmill.store.database import transaction

    broker.client().rpop(broker.key(list_of("research", LATER)))
    with transaction(journal.engine) as connection:
        one = connection.scalar(
            select(STEP_RUN.c.episode_id)
            .where(STEP_RUN.c.state == "due", STEP_RUN.c.sent_at.is_not(None))
            .order_by(STEP_RUN.c.sent_at)
            .limit(1)
        )
        connection.execute(update(STEP_RUN).where(STEP_RUN.c.episode_id == one).values(state="done"))
        connection.execute(update(EPISODE).where(EPISODE.c.id == one).values(state="published"))


if __name__ == "__main__":
    main()
