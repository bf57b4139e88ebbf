"""Costs as one HTML page that needs nothing else: no script, no font, no address."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from podmill.report.costs import PERIODS, SHARES, WAYS, By, Costs, EpisodeEstimate, add_up, by_episode
from podmill.report.costs_book import Book
from podmill.report.costs_table import dollars, notes, published
from podmill.report.page import ENVIRONMENT
from podmill.report.svg import Band, Bar, Point, bars, columns, dots

ROWS_MAX: Final = 500
"""Of one table; CSV and JSON list all."""
BARS_MAX: Final = 15
COLUMNS_MAX: Final = 62
"""Periods that are drawn: the latest."""
POINTS_MAX: Final = 1000
NEAR: Final = 10
"""Per cent by which an estimate may miss."""
TITLES: Final[dict[By, str]] = {
    "account": "Accounts",
    "show": "Shows",
    "batch": "Batches",
    "episode": "Episodes",
    "provider": "Providers",
    "step": "Steps",
    "day": "Days",
    "month": "Months",
}
USD: Final = 1_000_000


def render_costs(book: Book, *, made_at: dt.datetime, months: Sequence[str] = (), root: str = "") -> str:
    """The page.

    Args:
        months: offered as other pages, where it is served: ``2026-11``.
        root: address of the page itself where it is served.
    """
    found = {by: add_up(book, by) for by in WAYS}
    drawn = found["day"] if len(found["day"].rows) <= COLUMNS_MAX else found["month"]
    near = by_episode(book)
    return ENVIRONMENT.get_template("costs.html.j2").render(
        asked=book.asked,
        found=found,
        titles=TITLES,
        total=found["month"].total,
        has_discounts=found["month"].total.provider_microusd != found["month"].total.spent_microusd,
        notes=notes(found["month"].total),
        spent_plot=_spent_plot(drawn),
        drawn=drawn.by,
        bar_plots={by: _bars(found[by]) for by in ("provider", "step", "account", "show")},
        expected_plot=_expected_plot(found["step"]),
        near_plot=_near_plot(near[-POINTS_MAX:]),
        near_count=sum(_is_near(each) for each in near),
        near=near,
        near_percent=NEAR,
        rows_max=ROWS_MAX,
        bars_max=BARS_MAX,
        shares=SHARES,
        periods=PERIODS,
        months=months,
        root=root,
        made_at=made_at,
        dollars=dollars,
        published=published,
    )


def _spent_plot(costs: Costs) -> Markup | None:
    rows = [_bar(row.title or row.name, row.settled_microusd, row.in_doubt_microusd) for row in costs.rows if row.name]
    if not costs.total.spent_microusd:
        return None
    title = f"Spent by {costs.by}"
    return columns(rows[-COLUMNS_MAX:], title=title, description="US dollars, settled and in doubt.", prefix="$")


def _bars(costs: Costs) -> Markup | None:
    rows = [
        _bar(row.title or row.name, row.settled_microusd, row.in_doubt_microusd)
        for row in sorted(costs.rows, key=lambda row: -row.spent_microusd)
        if row.spent_microusd
    ]
    title = f"Spent by {costs.by}"
    return bars(rows[:BARS_MAX], title=title, description="US dollars, settled and in doubt.") if rows else None


def _bar(label: str, settled: int, in_doubt: int) -> Bar:
    segments = [(name, amount / USD) for name, amount in (("settled", settled), ("in_doubt", in_doubt)) if amount]
    return Bar(label=label, segments=segments, note=dollars(settled + in_doubt))


def _expected_plot(costs: Costs) -> Markup | None:
    rows = []
    for row in costs.rows:
        if row.estimated_microusd or row.estimated_cost_microusd:
            expected, cost = row.estimated_microusd or 0, row.estimated_cost_microusd
            rows.append(Bar(f"{row.title}, expected", [("expected", expected / USD)], dollars(expected)))
            rows.append(Bar(f"{row.title}, charged", [("settled", cost / USD)], dollars(cost)))
    description = "US dollars of published episodes: expected before anything was spent, and charged."
    return bars(rows, title="Expected and charged", description=description) if rows else None


def _near_plot(episodes: Sequence[EpisodeEstimate]) -> Markup | None:
    points = [
        Point(each.title, 100 * each.cost_microusd / each.estimated_microusd, good=_is_near(each))
        for each in episodes
        if each.estimated_microusd
    ]
    band = Band(100.0 - NEAR, 100.0 + NEAR, f"within {NEAR} % of the estimate")
    title = "Charged, in per cent of the estimate, by episode"
    return dots(points, band, title=title, unit=" %", places=0, order="as submitted") if points else None


def _is_near(each: EpisodeEstimate) -> bool:
    return abs(each.cost_microusd - each.estimated_microusd) * 100 <= NEAR * each.estimated_microusd
