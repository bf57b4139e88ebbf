"""``podmill costs compare``: whether a provider billed what the ledger says."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Group, RenderableType
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
    asked = asked_for(since, until)
    Ledger(engine).doubt_dead()
    with snapshot(engine) as connection:
        known = providers(connection)
    if not any(each == provider or each.startswith(f"{provider}:") for each in known):
        action = f"The ledger has: {', '.join(known)}." if known else "The ledger is empty."
        raise InputError(f"Nothing was ever asked of {provider!r}.", action=action)
    record = read_bill(file, settings) if file else None
    period = _period(asked.since, asked.until, record)
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
    table = Table("", "Requests" if found.by == "request" else "Lines", "Quantity", "Cost", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, side in (("here", found.ours), ("there", found.theirs)):
        table.add_row(name, *_figures(side))
    source = f"{found.provider}, {found.since} to {found.until} (UTC), by {found.by}: the ledger and {found.source}"
    parts: list[RenderableType] = [Text(source, "bold"), table]
    for each in found.differences[:ROWS_MAX]:
        parts.append(Text.assemble((f"{NAMES[each.kind]}: ", "yellow"), each.says))
        parts.append(Text(f"  {each.action}", "dim"))
    if len(found.differences) > ROWS_MAX:
        parts.append(Text(f"and {len(found.differences) - ROWS_MAX} more: --json lists all", "dim"))
    if found.under_way:
        parts.append(Text(f"{found.under_way} under way: counted on neither side.", "dim"))
    count = len(found.differences)
    differ = f"{count} difference{'s' if count > 1 else ''}" if count else "no differences"
    parts.append(Text(f"{found.agreed} {found.by}{'' if found.agreed == 1 else 's'} agree, {differ}.", "bold"))
    return Group(*parts)


def _figures(side: Side) -> tuple[str, str, str]:
    quantity = "" if side.quantity is None else f"{side.quantity:,.10g}"
    return f"{side.requests:,}", quantity, dollars(side.microusd)


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
        return _days(since or str(today.replace(day=1)), until or str(today))
    times = [each.at for each in record.used]
    return _days(since or day_of(min(times)), until or day_of(max(times)))


def _days(first: str, last: str) -> Period:
    if first > last:
        raise InputError(f"The first day, {first}, is after the last, {last}.")
    begin, end = (dt.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() for day in (first, last))
    return Period(begin, end + DAY_S)
