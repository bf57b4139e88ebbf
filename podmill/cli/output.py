"""The two streams of a command."""

import json
import logging
import sys
from typing import Any

from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.logging import RichHandler

from podmill.settings import Settings

PIPE_WIDTH = 160
"""Columns of a table that nobody's terminal limits."""
CHATTY = ("alembic", "faster_whisper", "httpx", "httpx2")


def data() -> Console:
    """Standard output: what was asked for."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False, emoji=False)


def errors() -> Console:
    """Standard error: messages and progress. Lines are not wrapped, so that a place stays one word for a script."""
    return Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_document(document: BaseModel) -> None:
    """A document as one JSON object on standard output; quick also with ten thousand episodes in it."""
    sys.stdout.write(document.model_dump_json(indent=2) + "\n")


def show(renderable: RenderableType) -> None:
    data().print(renderable)


def note(message: str) -> None:
    """A line for a person on standard error."""
    errors().print(message, markup=False)


def start_logging(settings: Settings) -> None:
    """Logs go to standard error, above a live display where there is one."""
    console = errors()
    handler: logging.Handler
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=False, markup=False)
        layout = "%(message)s"
    else:
        handler = logging.StreamHandler()
        layout = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=settings.log_level.upper(), format=layout, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
