"""``podmill report``."""

from typing import Annotated

import typer

from podmill.cli.options import AsJson, ReportFile
from podmill.cli.output import note, print_document, show
from podmill.cli.pages import write_page
from podmill.report.status import find_batch
from podmill.report.summary import batch_report
from podmill.report.terminal import report_table
from podmill.settings import current
from podmill.store import database


def report(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="Id of a batch, or how it begins.")],
    as_json: AsJson = False,
    report_file: ReportFile = None,
) -> None:
    """Show what a batch became: quality, time by step, cost."""
    settings = current()
    with database.reading(database.open_engine(settings)) as connection:
        found = batch_report(connection, find_batch(connection, batch))
    if report_file:
        write_page(found, settings, report_file)
        note(f"Report page: {report_file}")
    if as_json:
        print_document(found)
    else:
        show(report_table(found))
