"""``podmill costs compare``: whether a provider billed what the ledger says."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from podmill.cli.options import AsJson, Since, Until
from podmill.cli.output import print_document, show
from podmill.errors import InputError
from podmill.money.ledger import OVERLAP_S, Ledger
from podmill.money.record import DAY_S, Record, RecordedProvider
from podmill.report.costs_bill import read_bill
from podmill.report.costs_book import asked_for
from podmill.report.costs_compare import Comparison, Side, compare, providers
from podmill.report.costs_difference import NAMES, Period, day_of
from podmill.report.costs_table import dollars
from podmill.settings import Settings, current
from podmill.store.database import open_engine, snapshot

ROWS_MAX: Final = 200
"""Of the table; JSON has all."""

Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="As `podmill costs --by provider` names it.")]
Bill = Annotated[
    Path | None,
    typer.Option("--file", metavar="CSV", help="The provider's bill: exported from its console, or your own."),
]


def compare_costs(
    provider: Provider, since: Since = None, until: Until = None, file: Bill = None, as_json: AsJson = False
) -> None:
    """Compare the ledger with what a provider says that it billed; ends with 1 when they differ.

    From the first of the month until now, or the days of the file, unless told otherwise.
    """
    settings = current()
    engine = open_engine(settings)
    Ledger(engine).doubt_dead()
    with snapshot(engine) as connection:
        known = providers(connection)
    if not any(each == provider or each.startswith(f"{provider}:") for each in known):
        action = f"The ledger has: {', '.join(known)}." if known else "The ledger is empty."
        raise InputError(f"Nothing was ever asked of {provider!r}.", action=action)
    record = read_bill(file, settings) if file else None
    period = _period(since, until, record)
    record = record or _recorded(provider, settings, period.since - OVERLAP_S)
    with snapshot(engine) as connection:
        found = compare(connection, provider, record, period)
    if as_json:
        print_document(found)
    else:
        show(comparison_table(found))
    if found.differences:
        raise typer.Exit(1)


def comparison_table(found: Comparison) -> RenderableType:
    """Both sums, then a line for each difference and what to do about it."""
    table = Table("", "Requests", "Quantity", "Cost", box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("here", f"{found.ours.requests:,}", *_amounts(found.ours))
    counted = "" if found.by == "request" else " lines"
    table.add_row("there", f"{found.theirs.requests:,}{counted}", *_amounts(found.theirs))
    source = f"{found.provider}, {found.since} to {found.until} (UTC), by {found.by}: the ledger and {found.source}"
    parts: list[RenderableType] = [Text(source, "bold"), table]
    for each in found.differences[:ROWS_MAX]:
        parts.append(Text.assemble((f"{NAMES[each.kind]}: ", "yellow"), each.says))
        parts.append(Padding(Text(each.action, "dim"), (0, 0, 0, 2)))
    if len(found.differences) > ROWS_MAX:
        parts.append(Text(f"and {len(found.differences) - ROWS_MAX} more: --json lists all", "dim"))
    if found.under_way:
        parts.append(Text(f"{found.under_way} under way: counted on neither side.", "dim"))
    count = len(found.differences)
    differ = f"{count} difference{'s' if count > 1 else ''}" if count else "no differences"
    parts.append(Text(f"{found.agreed} {found.by}{'' if found.agreed == 1 else 's'} agree, {differ}.", "bold"))
    return Group(*parts)


def _amounts(side: Side) -> tuple[str, str]:
    return "" if side.quantity is None else f"{side.quantity:,.10g}", dollars(side.microusd)


def _recorded(provider: str, settings: Settings, since: float) -> Record:
    from podmill.speech import engine

    found: object = engine.make(provider, settings) if provider in engine.ENGINES else None
    if not isinstance(found, RecordedProvider):
        raise InputError(
            f"{provider} does not tell by its API what it billed for each request.",
            action="Export its usage as CSV from its console, then add: --file usage.csv",
        )
    return found.record(since)


def _period(since: str | None, until: str | None, record: Record | None) -> Period:
    if record is None:
        today = dt.datetime.now(dt.UTC).date()
        first, last = str(today.replace(day=1)), str(today)
    else:
        times = [each.at for each in record.used]
        first, last = day_of(min(times)), day_of(max(times))
    asked = asked_for(since or first, until or last)
    begin, end = (dt.datetime.fromisoformat(f"{day}T00:00:00Z").timestamp() for day in (asked.since, asked.until))
    return Period(begin, end + DAY_S)
