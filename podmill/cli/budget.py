"""``podmill budget``: what may be spent, how much of it is, and changing it."""

from typing import Annotated, Any, get_args

import typer
from rich.markup import escape
from rich.table import Table

from podmill.cli.options import AsJson
from podmill.cli.output import note, print_json, show
from podmill.cli.progress import note_if_idle
from podmill.errors import InputError
from podmill.money import owners, purses
from podmill.money.amounts import MICRO, microusd, usd
from podmill.money.purses import Span, Standing
from podmill.settings import current
from podmill.store.database import open_engine, reading, transaction

Amount = Annotated[str | None, typer.Option(metavar="USD", help="Limit in US dollars, or `none`.")]

app = typer.Typer(help="Show budgets and what is used of them, and change them.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def budget(context: typer.Context, as_json: AsJson = False) -> None:
    """Show budgets and what is used of them, and change them."""
    if context.invoked_subcommand is not None:
        return
    with reading(open_engine(current())) as connection:
        found = purses.now_standing(connection)
    if as_json:
        print_json({"budgets": [entry(each) for each in found]})
        return
    if not found:
        note("There are no budgets: nothing limits what is spent. Run: podmill budget set account:default --month 50")
        return
    table = Table("Owner", "Span", "Period", "Limit", "Used", "Left", "", box=None, header_style="bold")
    for each in found:
        amounts = (f"${usd(amount)}" for amount in (each.limit_microusd, each.used_microusd, each.left_microusd))
        style = "red" if each.percent >= 100 else "yellow" if each.percent >= purses.WARNINGS[0] else ""
        table.add_row(escape(each.owner), each.span, each.period, *amounts, f"{each.percent:.0f} %", style=style)
    show(table)


@app.command("set")
def set_(
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="account:NAME, show:SLUG, batch:ID or episode:ID.")],
    day: Amount = None,
    month: Amount = None,
    total: Amount = None,
    as_json: AsJson = False,
) -> None:
    """Limit what an owner may spend in a day, a month or at all; what was paused and now fits goes on."""
    from pipelines import episode

    settings = current()
    engine = open_engine(settings)
    named = owners.known(engine, owner)
    asked = dict(zip(get_args(Span), (day, month, total), strict=True))
    limits = {span: None if text == "none" else microusd(text) for span, text in asked.items() if text is not None}
    if not limits:
        raise InputError("No limit is named.", action="Add --day, --month or --total with an amount, or with none.")
    if not named.startswith(("account:", "show:")) and set(limits) != {"total"}:
        raise InputError("Batches and episodes have a total only.", action="Use --total.")
    with transaction(engine) as connection:
        for span, limit in limits.items():
            purses.set_budget(connection, named, span, limit)
    resumed = episode.resume(settings, owner=named)
    if resumed:
        note_if_idle(settings)
    if as_json:
        dollars = {span: None if limit is None else limit / MICRO for span, limit in limits.items()}
        print_json({"owner": named, "limits_usd": dollars, "resumed": resumed})
        return
    for span, limit in limits.items():
        show(f"{named} {span}: {'no limit' if limit is None else f'${usd(limit)}'}")
    for episode_id in resumed:
        show(f"resumed {episode_id}")


def entry(standing: Standing) -> dict[str, Any]:
    """A budget as scripts read it."""
    return {
        "owner": standing.owner,
        "span": standing.span,
        "period": standing.period,
        "limit_usd": standing.limit_microusd / MICRO,
        "used_usd": standing.used_microusd / MICRO,
        "left_usd": standing.left_microusd / MICRO,
        "percent": round(standing.percent, 1),
        "warning": standing.warning or None,
    }
