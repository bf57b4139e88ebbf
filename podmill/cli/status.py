"""``podmill status`` and ``podmill watch``."""

from typing import Annotated

import typer
from sqlalchemy import Connection

from podmill.cli import outcome
from podmill.cli.options import AsJson
from podmill.cli.output import print_document, print_json, show
from podmill.cli.progress import follow, note_if_idle
from podmill.errors import InputError
from podmill.report.status import batch_status, find_batch, recent_batches
from podmill.report.terminal import overview_table, status_table
from podmill.settings import current
from podmill.store import database

BatchId = Annotated[str | None, typer.Argument(metavar="[BATCH]", help="Id of a batch, or how it begins.")]


def status(batch: BatchId = None, as_json: AsJson = False) -> None:
    """Show a batch and its episodes, or the newest batches."""
    with database.reading(database.open_engine(current())) as connection:
        if batch is None:
            batches = recent_batches(connection)
            if as_json:
                print_json({"batches": [each.model_dump(mode="json") for each in batches]})
            else:
                show(overview_table(batches))
            return
        found = batch_status(connection, find_batch(connection, batch))
    if as_json:
        print_document(found)
    else:
        show(status_table(found))


def watch(batch: BatchId = None, as_json: AsJson = False) -> None:
    """Follow a batch, the newest if none is named, until nothing more will happen."""
    settings = current()
    engine = database.open_engine(settings)
    with database.reading(engine) as connection:
        batch_id = find_batch(connection, batch) if batch else _newest(connection)
        is_running = batch_status(connection, batch_id).state == "running"
    if is_running:
        note_if_idle(settings)
    follow(engine, batch_id)
    with database.reading(engine) as connection:
        found = batch_status(connection, batch_id)
    if as_json:
        print_document(found)
    else:
        show(status_table(found))
    raise typer.Exit(outcome.of_finished(found))


def _newest(connection: Connection) -> str:
    batches = recent_batches(connection, limit=1)
    if not batches:
        raise InputError("There is no batch yet.", action="Run: podmill submit FILE")
    return batches[0].batch
