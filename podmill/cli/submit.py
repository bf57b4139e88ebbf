"""``podmill submit``: hand the work to the node that is up."""

from pathlib import Path
from typing import Annotated

import typer

from podmill.cli import outcome, preflight, reading
from podmill.cli.options import AccountName, AsJson, CheckOnly, Minutes, OnlyFitting, ShowName, Strict
from podmill.cli.output import print_document, show
from podmill.cli.progress import follow, note_if_idle
from podmill.report.status import batch_status
from podmill.report.terminal import status_table
from podmill.settings import current
from podmill.store import database


def submit(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Batches, briefs, documents or ready-made scripts.")
    ],
    wait: Annotated[bool, typer.Option("--follow", help="Wait until nothing more will happen.")] = False,
    as_json: AsJson = False,
    strict: Strict = False,
    show_name: ShowName = None,
    minutes: Minutes = None,
    account: AccountName = None,
    check: CheckOnly = False,
    only_fitting: OnlyFitting = False,
) -> None:
    """Queue episodes and return."""
    settings = current()
    submission = reading.read(paths, settings, strict=strict, show=show_name, minutes=minutes, as_json=as_json)
    submission = preflight.passed(
        submission, settings, account=account, check=check, only_fitting=only_fitting, as_json=as_json
    )
    from pipelines import batch  # loads Celery and the voices: only for what can be used

    batch_id = batch.submit(submission, settings, account=account)
    engine = database.open_engine(settings)
    note_if_idle(settings)
    if wait:
        follow(engine, batch_id)
    with database.reading(engine) as connection:
        status = batch_status(connection, batch_id)
    if as_json:
        print_document(status)
    else:
        show(status_table(status))
    raise typer.Exit(outcome.of_finished(status) if wait else outcome.of_submitted(status))
