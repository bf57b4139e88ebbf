"""Plots as inline SVG: small, escaped, readable without colour and by a screen reader. Colours come from the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

WIDTH = 560
"""Of a plot that stands beside another, in CSS pixels on a wide screen."""
BARS_WIDTH = 1120
BOX_WIDTH, BOX_HEIGHT = 180, 18
LEFT = 56
RIGHT = 16
LABEL_WIDTH = 84
"""Of a date below a column."""


@dataclass(frozen=True, slots=True)
class Point:
    """One mark of a dot plot."""

    label: str
    value: float
    good: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; several segments make a stacked one."""

    label: str
    segments: Sequence[tuple[str, float]]
    """CSS class and value of each."""
    note: str
    """Written at the end of the bar."""


@dataclass(frozen=True, slots=True)
class Band:
    """What a value should be: at least ``low`` and at most ``high``."""

    low: float
    high: float
    label: str


def dots(
    points: Sequence[Point],
    band: Band,
    *,
    title: str,
    unit: str,
    places: int,
    order: str = "in the order of the batch",
    trend: Sequence[float] = (),
    height: int = 220,
) -> Markup:
    """One dot for each point in order, over the band that is asked for. Points that are not good are hollow diamonds.

    Args:
        trend: a line through the dots, one value for each.
        unit: written after a value: ``" %"``.
        places: decimal places of the axis and the labels.
    """
    values = [point.value for point in points]
    low, high, ticks = axis(min(band.low, *values), max(band.high, *values))
    top, bottom = 12, height - 28

    def y(value: float) -> float:
        return bottom - (min(max(value, low), high) - low) / (high - low) * (bottom - top)

    step = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    marks = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        f'<text class="axis end" x="{LEFT - 8}" y="{y(tick) + 4:.1f}">{tick:.{places}f}</text>'
        for tick in ticks
    ]
    upper, lower = y(band.high), y(band.low)
    marks.append(
        f'<rect class="band" x="{LEFT}" y="{upper:.1f}" width="{WIDTH - LEFT - RIGHT}" '
        f'height="{max(lower - upper, 0):.1f}"><title>{escape(band.label)}</title></rect>'
        f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{lower:.1f}" y2="{lower:.1f}"/>'
    )
    if upper > top:
        marks.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{upper:.1f}" y2="{upper:.1f}"/>')
    radius = 5 if len(points) <= 60 else 3 if len(points) <= 300 else 2
    for index, point in enumerate(points):
        x = LEFT + step * (index + 0.5)
        name = escape(f"{point.label}: {point.value:.{places}f}{unit}")
        marks.append(f"{_mark(x, y(point.value), radius, good=point.good)}<title>{name}</title></path>")
    if len(trend) > 1:
        line = " ".join(f"{LEFT + step * (index + 0.5):.1f},{y(value):.1f}" for index, value in enumerate(trend))
        marks.append(f'<polyline class="trend" points="{line}"/>')
    marks.append(
        f'<text class="axis end" x="{WIDTH - RIGHT}" y="{height - 6}">'
        f"{len(points)} episode{'s' if len(points) > 1 else ''}, {escape(order)}</text>"
    )
    return _svg(marks, title=title, description=band.label, height=height)


def box(five: Sequence[float], limit: float | None, bounds: tuple[float, float], *, title: str) -> Markup:
    """How some values lie: a line from the lowest to the highest, a box between the quartiles, a mark at the median.

    Args:
        five: lowest, lower quartile, median, upper quartile, highest.
        limit: drawn as a dashed line.
        bounds: of the scale, so that boxes one below the other can be compared.
    """
    low, high = bounds

    def x(value: float) -> float:
        return 2 + (value - low) / ((high - low) or 1.0) * (BOX_WIDTH - 4)

    lowest, lower, median, upper, highest = map(x, five)
    middle, bottom = BOX_HEIGHT / 2, BOX_HEIGHT - 3
    marks = [
        f'<path class="whisker" d="M{lowest:.1f} {middle}H{highest:.1f}"/>',
        f'<rect class="box" x="{lower:.1f}" y="3" width="{max(upper - lower, 1):.1f}" height="{bottom - 3}"/>',
        f'<path class="whisker" d="M{median:.1f} 3V{bottom}"/>',
    ]
    if limit is not None:
        marks.append(f'<path class="limit" d="M{x(limit):.1f} 0V{BOX_HEIGHT}"/>')
    said = "Lowest, quartile, median, quartile and highest, on one scale with the box beside it."
    return _svg(marks, title=title, description=said, height=BOX_HEIGHT, width=BOX_WIDTH)


def bars(rows: Sequence[Bar], *, title: str, description: str) -> Markup:
    """Horizontal bars on one scale, each with its note."""
    label_width, note_width, row_height = 300, 96, 26
    longest = max((sum(value for _, value in row.segments) for row in rows), default=0.0) or 1.0
    scale = (BARS_WIDTH - label_width - note_width) / longest
    marks = []
    for index, row in enumerate(rows):
        y = index * row_height + 4
        shown = row.label if len(row.label) <= 40 else row.label[:39] + "\u2026"
        marks.append(
            f'<text class="label end" x="{label_width - 10}" y="{y + 14}">{escape(shown)}'
            f"<title>{escape(row.label)}</title></text>"
        )
        x = float(label_width)
        for name, value in row.segments:
            width = value * scale
            drawn = max(width - 1, 0.5)
            said = escape(f"{row.label}: {name.replace('_', ' ')} {value:,.2f}")
            marks.append(
                f'<rect class="{escape(name)}" x="{x:.1f}" y="{y}" width="{drawn:.1f}" height="18" rx="2">'
                f"<title>{said}</title></rect>"
            )
            x += width
        marks.append(f'<text class="axis" x="{x + 6:.1f}" y="{y + 14}">{escape(row.note)}</text>')
    return _svg(marks, title=title, description=description, height=len(rows) * row_height + 8, width=BARS_WIDTH)


def columns(rows: Sequence[Bar], *, title: str, description: str, prefix: str = "", height: int = 240) -> Markup:
    """Upright bars in their order, on one scale; as many labels as there is room for.

    Args:
        prefix: written before a value of the scale: ``"$"``.
    """
    highest = max((sum(value for _, value in row.segments) for row in rows), default=0.0)
    _, top_value, ticks = axis(0.0, highest)
    left, right, top, bottom = 72, BARS_WIDTH - LABEL_WIDTH // 2, 12, height - 28
    step = (right - left) / max(len(rows), 1)
    width = min(step * 0.72, 60.0)

    def y(value: float) -> float:
        return bottom - value / top_value * (bottom - top)

    marks = [
        f'<line class="grid" x1="{left}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        f'<text class="axis end" x="{left - 8}" y="{y(tick) + 4:.1f}">{escape(prefix)}{tick:,.{_places(ticks)}f}</text>'
        for tick in ticks
    ]
    every = max(1, -(-len(rows) * LABEL_WIDTH // (right - left)))
    for index, row in enumerate(rows):
        middle = left + step * (index + 0.5)
        reached = 0.0
        for name, value in row.segments:
            lower, reached = reached, reached + value
            said = escape(f"{row.label}: {name.replace('_', ' ')} {prefix}{value:,.4f}; {row.note}")
            marks.append(
                f'<rect class="{escape(name)}" x="{middle - width / 2:.1f}" y="{y(reached):.1f}" width="{width:.1f}" '
                f'height="{max(y(lower) - y(reached), 0.5):.1f}" rx="2"><title>{said}</title></rect>'
            )
        if index % every == 0:
            marks.append(f'<text class="axis middle" x="{middle:.1f}" y="{height - 8}">{escape(row.label)}</text>')
    return _svg(marks, title=title, description=description, height=height, width=BARS_WIDTH)


def _places(ticks: Sequence[float]) -> int:
    """Decimal places that tell ticks apart."""
    return max(0, -_floor_log10(ticks[1] - ticks[0]))


def axis(low: float, high: float) -> tuple[float, float, list[float]]:
    """Round bounds around some values, and the ticks between them: steps of 1, 2 or 5 times a power of ten."""
    span = (high - low) or abs(high) or 1.0
    size = 10.0 ** _floor_log10(span / 4)
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= span / 4)
    first, last = int(low // step), int(-(-high // step))
    ticks = [index * step for index in range(first, max(last, first + 1) + 1)]
    return ticks[0], ticks[-1], ticks


def _floor_log10(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def _mark(x: float, y: float, radius: float, *, good: bool) -> str:
    if good:
        return (
            f'<path class="dot" d="M{x - radius:.1f} {y:.1f}a{radius} {radius} 0 1 0 {2 * radius} 0'
            f'a{radius} {radius} 0 1 0 {-2 * radius} 0">'
        )
    wide = radius + 2
    return f'<path class="dot bad" d="M{x:.1f} {y - wide:.1f}l{wide} {wide}l{-wide} {wide}l{-wide} {-wide}z">'


def _svg(marks: Sequence[str], *, title: str, description: str, height: int, width: int = WIDTH) -> Markup:
    # Every text that goes in has been escaped where its mark was made.
    return Markup(  # noqa: S704
        f'<svg role="img" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(marks)}</svg>"
    )
