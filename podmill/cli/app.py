"""The commands, by name. Only the module of the one that is called is loaded: it should begin at once."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from podmill import __version__
from podmill.cli.output import start_logging
from podmill.settings import current

COMMANDS: Final = {
    "demo": "demo",
    "produce": "produce",
    "submit": "submit",
    "estimate": "estimate",
    "status": "status",
    "watch": "status",
    "report": "report",
    "retry": "episodes",
    "cancel": "episodes",
    "resume": "episodes",
    "up": "up",
    "doctor": "doctor",
    "backup": "backup",
    "restore": "backup",
}
"""Module of each command, in the order of the help."""
GROUPS: Final = {
    "show": "shows",
    "voices": "voices",
    "store": "store",
    "charges": "charges",
    "costs": "costs",
    "account": "accounts",
    "budget": "budget",
}
"""Module of each group of commands."""


def made_for(arguments: Sequence[str]) -> typer.Typer:
    """The application that understands these arguments: all of it, unless they begin with the name of a command."""
    app = typer.Typer(
        help="Turns topics, documents and scripts into finished, published podcast episodes, unattended.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_begin)
    called = arguments[0] if arguments else ""
    is_known = called in COMMANDS or called in GROUPS
    for name, module in COMMANDS.items():
        if name == called or not is_known:
            app.command(name)(_of(module, name))
    for name, module in GROUPS.items():
        if name == called or not is_known:
            app.add_typer(_of(module, "app"), name=name)
    return app


def _of(module: str, name: str) -> Any:
    return getattr(import_module(f"podmill.cli.{module}"), name)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _begin(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    start_logging(current())
