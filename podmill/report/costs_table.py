"""Costs for a terminal, and as CSV."""

import csv
import io
from decimal import Decimal
from typing import Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from podmill.report.costs import SHARES, CostRow, Costs
from podmill.report.page import duration, percent

ROWS_MAX: Final = 200
"""Of the table; CSV, JSON and the total have all."""
HEADS: Final = (
    *("Requests", "Spent", "In doubt", "Episodes", "Published", "A minute", "Expected", "Did cost", "Work", "Made in"),
)
MOST: Final = ("Requests", "Spent", "In doubt", "Published", "A minute")
WIDE: Final = 130
"""Columns of a terminal that shows all."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
SUMS: Final = ("spent", "settled", "in_doubt", "provider", "under_way", "held")
COUNTS: Final = ("requests", "episodes", "published", "failed")


def costs_table(costs: Costs, *, width: int) -> RenderableType:
    """A line for each row, the total below; on a terminal of few columns only what tells most."""
    heads = (costs.by.capitalize(), *HEADS) if width >= WIDE else (costs.by.capitalize(), *MOST)
    table = Table(*heads, box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for row in (*costs.rows[:ROWS_MAX], costs.total):
        is_total = row is costs.total
        cells = _cells(row, is_share=costs.by in SHARES and not is_total)
        if costs.by == "provider" and not is_total:
            cells["Work"] = ""
        title = escape(row.title or row.name)
        table.add_row(title, *(cells[head] for head in heads[1:]), style="bold" if is_total else "")
    parts: list[RenderableType] = [table]
    if len(costs.rows) > ROWS_MAX:
        parts.append(Text(f"and {len(costs.rows) - ROWS_MAX} more: --csv and --json list all", "dim"))
    parts += [Text(line, "dim") for line in notes(costs.total)]
    return Group(*parts)


def _cells(row: CostRow, *, is_share: bool) -> dict[str, str | Text]:
    """By what stands above them. One episode is in several rows of shares: there it is not counted as published."""
    doubt = Text(dollars(row.in_doubt_microusd), "yellow") if row.in_doubt_microusd else Text("")
    return {
        "Requests": str(row.requests),
        "Spent": dollars(row.spent_microusd),
        "In doubt": doubt,
        "Episodes": str(row.episodes),
        "Published": "" if is_share else published(row),
        "A minute": dollars(row.per_minute_microusd),
        "Expected": dollars(row.estimated_microusd),
        "Did cost": "" if row.estimated_microusd is None else _cost(row),
        "Work": duration(row.busy_s),
        "Made in": "" if is_share else duration(row.elapsed_s),
    }


def notes(total: CostRow) -> list[str]:
    """What is not spent, and what of it the accounts do not pay."""
    found = []
    if total.under_way_microusd or total.held_microusd:
        under_way, held = dollars(total.under_way_microusd), dollars(total.held_microusd)
        found.append(f"Not spent yet: {under_way} for requests under way, {held} held for episodes.")
    if total.provider_microusd != total.spent_microusd:
        found.append(f"Providers take {dollars(total.provider_microusd)} of it: accounts have discounts.")
    return found


def published(row: CostRow) -> str:
    rate = f" ({percent(row.success_rate)})" if row.success_rate is not None else ""
    return f"{row.published}{rate}"


def dollars(microusd: float | None) -> str:
    return "" if microusd is None else f"${microusd / 1_000_000:,.4f}"


def costs_csv(costs: Costs) -> str:
    """Every row, and no total: whoever adds up a column gets it to the micro-dollar. Amounts are US dollars."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    amounts = (f"{name}_usd" for name in SUMS)
    measures = ("success_rate", "audio_s", "per_minute_usd", "busy_s", "elapsed_s", "estimated_usd")
    writer.writerow((costs.by, "title", *amounts, *COUNTS, *measures, "estimated_cost_usd", "quantities"))
    for row in costs.rows:
        sums = (usd_text(getattr(row, f"{name}_microusd")) for name in SUMS)
        counts = (getattr(row, name) for name in COUNTS)
        each = (row.per_minute_microusd, row.estimated_microusd, row.estimated_cost_microusd)
        per_minute, estimated, cost = (None if amount is None else usd_text(round(amount)) for amount in each)
        measured = (row.success_rate, round(row.audio_s, 3), per_minute, round(row.busy_s, 3), row.elapsed_s, estimated)
        quantities = "; ".join(f"{name} {amount:g}" for name, amount in row.quantities.items())
        writer.writerow((_plain(row.name), _plain(row.title), *sums, *counts, *measured, cost, _plain(quantities)))
    return text.getvalue()


def usd_text(microusd: int) -> str:
    """Dollars with six places: exact."""
    return f"{Decimal(microusd).scaleb(-6):.6f}"


def _cost(row: CostRow) -> str:
    share = f" ({row.estimated_cost_microusd / row.estimated_microusd - 1:+.0%})" if row.estimated_microusd else ""
    return f"{dollars(row.estimated_cost_microusd)}{share}"


def _plain(text: str) -> str:
    """Words stay words in a spreadsheet."""
    return f"'{text}" if text.startswith(FORMULA) else text
