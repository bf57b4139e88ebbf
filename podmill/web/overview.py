"""What the pages behind the password show of the database."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from podmill.report.costs_book import asked_for, months_of, open_book
from podmill.report.costs_page import render_costs
from podmill.report.status import batch_status, recent_batches
from podmill.settings import Settings
from podmill.store.database import open_engine, reading, snapshot

BATCHES: Final = 10
MONTHS: Final = 12
"""The newest."""


def overview(settings: Settings) -> dict[str, Any]:
    """The newest batches, each as ``podmill status --json`` prints it."""
    with reading(open_engine(settings)) as connection:
        batches = [batch_status(connection, each.batch) for each in recent_batches(connection, limit=BATCHES)]
    return {"batches": [batch.model_dump(mode="json") for batch in batches]}


def costs_page(settings: Settings, query: Mapping[str, str]) -> str:
    """The page of costs for ``since``, ``until``, ``account`` and ``show``.

    Raises:
        InputError: what is asked for is no period.
    """
    words = {name: query.get(name) or None for name in ("since", "until", "account", "show")}
    with snapshot(open_engine(settings)) as connection:
        book = open_book(connection, asked_for(**words))
        months = months_of(connection)
    return render_costs(book, made_at=dt.datetime.now(dt.UTC), months=months[:MONTHS], root="costs")
