"""``podmill produce``: from files to published episodes, on a node of its own if none is up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from podmill import nodefile
from podmill.briefs import Submission
from podmill.cli import outcome, preflight, reading
from podmill.cli.options import AccountName, AsJson, CheckOnly, Minutes, OnlyFitting, ReportFile, ShowName, Strict
from podmill.cli.output import note, print_document, show
from podmill.cli.pages import write_page
from podmill.cli.progress import follow, note_if_idle
from podmill.errors import PodmillError
from podmill.report.summary import BatchReport, batch_report
from podmill.report.terminal import report_table
from podmill.settings import Settings, current
from podmill.store import database


def produce(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Batches, briefs, documents or ready-made scripts.")
    ],
    as_json: AsJson = False,
    show_name: ShowName = None,
    minutes: Minutes = None,
    strict: Strict = False,
    report_file: ReportFile = None,
    account: AccountName = None,
    check: CheckOnly = False,
    only_fitting: OnlyFitting = False,
) -> None:
    """Make episodes and wait until they are published."""
    settings = current()
    submission = reading.read(paths, settings, strict=strict, show=show_name, minutes=minutes, as_json=as_json)
    submission = preflight.passed(
        submission, settings, account=account, check=check, only_fitting=only_fitting, as_json=as_json
    )
    report = make(submission, settings, account=account)
    if report_file:
        write_page(report, settings, report_file)
    if as_json:
        print_document(report.status())
    else:
        show(report_table(report))
    if any(episode.paused for episode in report.episodes):
        note_if_idle(settings)
    raise typer.Exit(outcome.of_finished(report))


def make(submission: Submission, settings: Settings, *, account: str | None = None) -> BatchReport:
    """Submit and follow to the end.

    Raises:
        PodmillError: the node that was used is gone.
    """
    from pipelines.batch import submit

    engine = database.open_engine(settings)
    with working_node(settings):
        batch_id = submit(submission, settings, account=account)
        follow(engine, batch_id, check=lambda: _must_run(settings, batch_id))
    with database.reading(engine) as connection:
        return batch_report(connection, batch_id)


@contextmanager
def working_node(settings: Settings) -> Iterator[None]:
    """The node that is up, or one for as long as this lasts; SIGTERM drains it as Ctrl-C does."""
    from podmill.node import Node

    if nodefile.read(settings) is not None:
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with Node(settings):
            try:
                yield
            except KeyboardInterrupt:
                note("Interrupted: stopping. What is done is kept: run the same command again to go on.")
                raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _must_run(settings: Settings, batch_id: str) -> None:
    if nodefile.read(settings) is None:
        raise PodmillError(
            f"The node stopped before batch {batch_id} was finished.",
            action="Run: podmill up, or the same command again; what is done is kept.",
        )
