"""The command line. Data goes to standard output, logs and progress to standard error."""

import sys
from collections.abc import Sequence

import typer

from podmill import garbage
from podmill.cli import failures
from podmill.errors import PodmillError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a mistake becomes one message, never a traceback."""
    garbage.search_seldom()
    from podmill.cli.app import made_for

    arguments = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in arguments
    try:
        code = made_for(arguments)(args=arguments, prog_name="podmill", standalone_mode=False)
    except PodmillError as exc:
        return failures.report(exc, as_json=as_json)
    except typer.TyperException as exc:
        return failures.report_usage(exc, as_json=as_json)
    except typer.Abort:
        return 130
    except OSError as exc:
        return failures.report(failures.from_system(exc), as_json=as_json)
    return code if isinstance(code, int) else 0
