"""Writing the report page."""

import datetime as dt
import os
from pathlib import Path

from podmill.errors import InputError
from podmill.report.page import render_page
from podmill.report.summary import BatchReport
from podmill.settings import Settings


def write_page(report: BatchReport, settings: Settings, path: Path) -> None:
    """Write the report as one HTML file, whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    write_html(render_page(report, settings, made_at=dt.datetime.now(dt.UTC)), path)


def write_html(html: str, path: Path) -> None:
    """Write a page, whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(html, encoding="utf-8")
        temporary.replace(path)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise InputError(f"The page cannot be written: {exc.strerror}.", file=str(path)) from exc
