"""What the status page shows of the database."""

from typing import Any, Final

from podmill.report.status import batch_status, recent_batches
from podmill.settings import Settings
from podmill.store.database import open_engine, reading

BATCHES: Final = 10
"""The newest."""


def overview(settings: Settings) -> dict[str, Any]:
    """The newest batches, each as ``podmill status --json`` prints it."""
    with reading(open_engine(settings)) as connection:
        batches = [batch_status(connection, each.batch) for each in recent_batches(connection, limit=BATCHES)]
    return {"batches": [batch.model_dump(mode="json") for batch in batches]}
