"""A failed command: one message on standard error, one object on standard output when JSON was asked for."""

import errno
from typing import Any

import typer
from rich.text import Text

from podmill.cli.output import errors, print_json
from podmill.errors import DiskFullError, InputError, PodmillError

USAGE_CODE = "usage"
USAGE_ACTION = "Run: podmill --help"


def describe(exc: PodmillError) -> dict[str, Any]:
    """An error as scripts read it."""
    told: dict[str, Any] = {"code": exc.code, "message": exc.message, "action": exc.action}
    if isinstance(exc, InputError):
        told |= {"file": exc.file, "line": exc.line, "field": exc.field}
    return told


def report(exc: PodmillError, *, as_json: bool) -> int:
    """Say what failed and what to do; returns the exit code."""
    if as_json:
        print_json({"error": describe(exc)})
    errors().print(Text.assemble(("error: ", "bold red"), str(exc)))
    return exc.exit_code


def report_usage(exc: typer.TyperException, *, as_json: bool) -> int:
    """Say what is wrong with the command itself; returns the exit code."""
    message = exc.format_message()
    if as_json:
        print_json({"error": {"code": USAGE_CODE, "message": message, "action": USAGE_ACTION}})
    errors().print(Text.assemble(("error: ", "bold red"), f"{message} {USAGE_ACTION}"))
    return exc.exit_code


def from_system(exc: OSError) -> PodmillError:
    """What the operating system refused, as an error for a person."""
    if exc.errno == errno.ENOSPC:
        return DiskFullError(f"The disk is full: {exc.filename or 'no space left'}.", action="Free some space.")
    what = f"{exc.filename}: " if exc.filename else ""
    return PodmillError(f"{what}{exc.strerror or exc}.", action="Run: podmill doctor")
