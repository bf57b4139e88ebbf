"""``podmill demo``: two published episodes from the example documents."""

import time
from pathlib import Path

import typer

import podmill
from podmill.cli import outcome, reading
from podmill.cli.footprint import PeakMemory, folder_bytes
from podmill.cli.options import AsJson
from podmill.cli.output import note, print_json, show
from podmill.cli.pages import write_page
from podmill.cli.produce import make
from podmill.errors import InputError
from podmill.report.page import duration
from podmill.report.terminal import report_table
from podmill.settings import current

EXAMPLE = Path(podmill.__file__).parents[1] / "examples" / "batch.yaml"


def demo(as_json: AsJson = False) -> None:
    """Make two episodes from the documents in examples/, with no key and no download."""
    if not EXAMPLE.is_file():
        raise InputError(
            f"The examples are not here: {EXAMPLE}.",
            action="They come with the source tree; run podmill produce with a file of your own.",
        )
    settings = current()
    submission = reading.read([EXAMPLE], settings, strict=True, show=None, minutes=None, as_json=as_json)
    started_at = time.monotonic()
    with PeakMemory() as memory:
        report = make(submission, settings)
    took_s = time.monotonic() - started_at
    page = settings.home / "reports" / f"{report.batch}.html"
    write_page(report, settings, page)
    if as_json:
        took = {
            "took_s": round(took_s, 1),
            "peak_memory_mb": memory.peak_mb,
            "home_mb": folder_bytes(settings.home) // 10**6,
        }
        print_json(report.status().model_dump(mode="json") | {"report_path": str(page), "demo": took})
    else:
        show(report_table(report))
    note(f"Feed:    {report.feed_path}")
    note(f"Report:  {page}")
    note(
        f"It took  {duration(took_s)} for {duration(report.summary.audio_s)} of audio, at most {memory.peak_mb} MB of "
        f"memory; {folder_bytes(settings.home) // 10**6} MB lie in {settings.home}."
    )
    raise typer.Exit(outcome.of_finished(report))
