"""The report as one HTML file that needs nothing else: no script, no font, no address."""

import datetime as dt
import heapq
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.gates import Gates
from models.steps import STEPS, EpisodeState
from podmill.recovery import SHORT_ID
from podmill.report.status import EpisodeStatus
from podmill.report.summary import BatchReport
from podmill.report.svg import Band, Bar, Point, bars, dots
from podmill.report.trends import boxes, name_of, shown, trends, voice_said
from podmill.settings import Settings

POINTS_MAX: Final = 2000
"""Dots of one plot; of more episodes the worst are drawn."""
BARS_MAX: Final = 25
"""Episodes whose time is drawn: the slowest."""
ROWS_MAX: Final = 2000
"""Episodes listed: those that need a person first."""

ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(report: BatchReport, settings: Settings, *, made_at: dt.datetime) -> str:
    """The report as HTML."""
    from podmill.quality import gates_of  # numpy, which takes longer to be there than a page to be made

    usual = gates_of(settings)
    accuracy_min = _limit(report, "word_accuracy", usual)
    target_lufs, tolerance_lu = report.asked_lufs or settings.loudness_lufs, _limit(report, "loudness", usual)
    listed = sorted(report.episodes, key=lambda episode: episode.state == EpisodeState.PUBLISHED)[:ROWS_MAX]
    return ENVIRONMENT.get_template("page.html.j2").render(
        report=report,
        summary=report.summary,
        listed=listed,
        steps=[step.value for step in STEPS],
        accuracy_min=accuracy_min,
        target_lufs=target_lufs,
        tolerance_lu=tolerance_lu,
        time_plot=_time_plot(report),
        accuracy_plot=_accuracy_plot(report, accuracy_min),
        loudness_plot=_loudness_plot(report, target_lufs, tolerance_lu),
        cost_plot=_cost_plot(report),
        boxes=boxes(report),
        trends=trends(report),
        bars_max=BARS_MAX,
        points_max=POINTS_MAX,
        made_at=made_at,
    )


def _limit(report: BatchReport, score: str, usual: Gates) -> float:
    """What its episodes were held against; where none was, what they would be."""
    figures = report.scores.get(score)
    found: float = getattr(usual, score).limit if figures is None or figures.limit is None else figures.limit
    return found


def duration(seconds: float | None) -> str:
    """``1:02:03`` or ``2:03``; a dash for none."""
    if seconds is None:
        return "\u2013"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def spoken(episode: EpisodeStatus) -> str:
    """Who speaks an episode instead of the voices it was cast with, and why."""
    who = "Text only" if episode.text_only else f"Spoken by {episode.spoken_by}"
    way_on = f" To have it spoken, run: podmill retry {episode.id[:SHORT_ID]}" if episode.text_only else ""
    return f"{who}. {episode.spoken_why}{way_on}"


def percent(share: float | None) -> str:
    return "\u2013" if share is None else f"{share * 100:.1f} %"


def _time_plot(report: BatchReport) -> Markup | None:
    titles = {episode.id: episode.title for episode in report.episodes}
    slowest = sorted(report.episode_busy_s.items(), key=lambda item: -sum(item[1].values()))[:BARS_MAX]
    if not slowest:
        return None
    rows = [
        Bar(
            label=titles[episode_id],
            segments=[(step.value, busy[step]) for step in STEPS if step in busy],
            note=f"{sum(busy.values()):.1f} s",
        )
        for episode_id, busy in slowest
    ]
    return bars(rows, title="Working time by step", description="Seconds of work for each episode, the slowest first.")


def _accuracy_plot(report: BatchReport, threshold: float) -> Markup | None:
    points = _points(
        report.episodes,
        lambda episode: None if episode.word_accuracy is None else episode.word_accuracy * 100,
        low=threshold * 100,
        high=100.0,
    )
    band = Band(threshold * 100, 100.0, f"at least {threshold * 100:g} %")
    return dots(points, band, title="Word accuracy of each episode", unit=" %", places=1) if points else None


def _loudness_plot(report: BatchReport, target_lufs: float, tolerance_lu: float) -> Markup | None:
    low, high = target_lufs - tolerance_lu, target_lufs + tolerance_lu
    points = _points(report.episodes, lambda episode: episode.loudness_lufs, low=low, high=high)
    band = Band(low, high, f"{target_lufs:g} LUFS, plus or minus {tolerance_lu:g}")
    return dots(points, band, title="Integrated loudness of each episode", unit=" LUFS", places=2) if points else None


def _points(
    episodes: Sequence[EpisodeStatus], measure: Callable[[EpisodeStatus], float | None], *, low: float, high: float
) -> list[Point]:
    points = [
        Point(label=episode.title, value=value, good=low <= value <= high)
        for episode in episodes
        if (value := measure(episode)) is not None
    ]
    if len(points) <= POINTS_MAX:
        return points
    worst = heapq.nlargest(POINTS_MAX, range(len(points)), key=lambda place: _miss(points[place].value, low, high))
    return [points[place] for place in sorted(worst)]


def _miss(value: float, low: float, high: float) -> float:
    """How far a value lies outside its band; negative inside."""
    return max(low - value, value - high)


def _cost_plot(report: BatchReport) -> Markup | None:
    rows = [
        Bar(label=provider, segments=[("cost", cost_usd)], note=f"${cost_usd:,.4f}")
        for provider, cost_usd in report.summary.cost_by_provider_usd.items()
        if cost_usd
    ]
    return bars(rows, title="Cost by provider", description="US dollars, settled and in doubt.") if rows else None


ENVIRONMENT.filters |= {"duration": duration, "percent": percent, "spoken": spoken, "score_name": name_of}
ENVIRONMENT.globals |= {"shown": shown, "voice_said": voice_said}
