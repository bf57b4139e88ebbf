"""``podmill costs``: what was paid, and whether providers say the same."""

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from podmill.cli.compare import compare_costs
from podmill.cli.options import AsJson, Since, Until
from podmill.cli.output import data, note, print_document, show
from podmill.cli.pages import write_html
from podmill.errors import InputError
from podmill.money import owners
from podmill.money.ledger import Ledger
from podmill.report.costs import By, add_up
from podmill.report.costs_book import asked_for, open_book
from podmill.report.costs_table import costs_csv, costs_table
from podmill.settings import current
from podmill.store.database import open_engine, snapshot

app = typer.Typer(help="Show what was paid, by what you like, and compare it with a provider.", rich_markup_mode=None)
app.command("compare")(compare_costs)


@app.callback(invoke_without_command=True)
def costs(
    context: typer.Context,
    by: Annotated[By, typer.Option(help="What a line is.")] = "month",
    since: Since = None,
    until: Until = None,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this account paid.")] = None,
    show_name: Annotated[str | None, typer.Option("--show", metavar="SLUG", help="Only this show.")] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line for each row.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write all of it as one HTML page with plots.")
    ] = None,
) -> None:
    """Show what was paid, by what you like, and compare it with a provider."""
    if context.invoked_subcommand is not None:
        return
    if as_json and as_csv:
        raise InputError("Only one of --json and --csv can be printed.")
    engine = open_engine(current())

    def whole(kind: str, name: str | None) -> str | None:
        return None if name is None else owners.known(engine, f"{kind}:{name}").partition(":")[2]

    Ledger(engine).doubt_dead()
    with snapshot(engine) as connection:
        book = open_book(connection, asked_for(since, until, whole("account", account), whole("show", show_name)))
    found = add_up(book, by)
    if html:
        from podmill.report.costs_page import render_costs  # the template is read only for a page

        write_html(render_costs(book, made_at=dt.datetime.now(dt.UTC)), html)
        note(f"Page of costs: {html}")
    if as_csv:
        sys.stdout.write(costs_csv(found))
    elif as_json:
        print_document(found)
    else:
        show(costs_table(found, width=data().width))
