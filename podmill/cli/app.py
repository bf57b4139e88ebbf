"""The commands, by name."""

from typing import Annotated

import typer

from podmill import __version__
from podmill.cli import (
    backup,
    charges,
    demo,
    doctor,
    episodes,
    produce,
    report,
    shows,
    status,
    store,
    submit,
    up,
    voices,
)
from podmill.cli.output import start_logging
from podmill.settings import current

app = typer.Typer(
    help="Turns topics, documents and scripts into finished, published podcast episodes, unattended.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _begin(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    start_logging(current())


app.command()(demo.demo)
app.command()(produce.produce)
app.command()(submit.submit)
app.command()(status.status)
app.command()(status.watch)
app.command()(report.report)
app.command()(episodes.retry)
app.command()(episodes.cancel)
app.command()(up.up)
app.command()(doctor.doctor)
app.command()(backup.backup)
app.command()(backup.restore)
app.add_typer(shows.app, name="show")
app.add_typer(voices.app, name="voices")
app.add_typer(store.app, name="store")
app.add_typer(charges.app, name="charges")
