"""The scores of a show as plots and words: each episode a dot, the average that follows them a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from podmill.report.drift import WEIGHT
from podmill.report.scores import DriftFigures, ScoreFigures, ScorePoint, VoiceFigures
from podmill.report.summary import BatchReport
from podmill.report.svg import Band, Point, box, dots

SHARES: Final = frozenset({"word_accuracy", "clarity", "duration", "brand"})
"""Scores that are shown as per cent."""
UNITS: Final = {"loudness": " LU", "hosts": " LU", "true_peak": " dBTP", "sample_rate": " Hz", "clipping": " a minute"}
NAMES: Final = {
    "duration": "length off plan",
    "loudness": "loudness off target",
    "voice_lines": "voices over lines",
    "voice_reference": "voices over episodes",
}


@dataclass(frozen=True, slots=True)
class Trend:
    """One score of a show, drawn."""

    title: str
    plot: Markup
    drifts: list[str]


def name_of(score: str) -> str:
    """What a score is called, for a person."""
    return NAMES.get(score, score.replace("_", " "))


def shown(score: str, value: float | None) -> str:
    """A value with its unit; a dash for none."""
    if value is None:
        return "\u2013"
    if score in SHARES:
        return f"{value * 100:.1f} %"
    return f"{value:,.0f}{UNITS[score]}" if score == "sample_rate" else f"{round(value, 3):.3g}{UNITS.get(score, '')}"


def drift_said(drift: DriftFigures) -> str:
    """A change, for a person."""
    course = "worse" if drift.worse else "better"
    return (
        f"{name_of(drift.score).capitalize()} moves {drift.direction}, for the {course}, since {drift.since_title!r}."
    )


def voice_said(voice: str, figures: VoiceFigures) -> str:
    """How much a voice is itself over a batch, for a person."""
    least = f"least in {figures.least_title!r}, by {figures.least:.3f}"
    missed = f", less than the {figures.limit:g} asked for" if figures.passed is False else ""
    return f"{voice} is like itself by {figures.likeness:.3f} over {figures.episodes} episodes, {least}{missed}."


@dataclass(frozen=True, slots=True)
class Lying:
    """How one score lies over a batch, or over its show."""

    score: str
    of: str
    """``batch``; or ``show``, and of how many of its episodes."""
    figures: ScoreFigures
    box: Markup | None
    """None: nothing was measured."""


def boxes(report: BatchReport) -> list[Lying]:
    """Each score of a batch, and below it the same of its show, on one scale."""
    found = []
    for score, of_batch in report.scores.items():
        rows = [("batch", of_batch)]
        if report.show_scores and score in report.show_scores.figures:
            of_show = report.show_scores.figures[score]
            rows.append((f"show, {of_show.measured:,}", of_show))
        ends = [end for _, each in rows for end in (each.lowest, each.highest, each.limit) if end is not None]
        for of, each in rows:
            five = (each.lowest, each.lower_quartile, each.median, each.upper_quartile, each.highest)
            known = [value for value in five if value is not None]
            title = f"{name_of(score).capitalize()}: {of}"
            drawn = box(known, each.limit, (min(ends), max(ends)), title=title) if known else None
            found.append(Lying(score, of, each, drawn))
    return found


def trends(report: BatchReport) -> list[Trend]:
    """The scores of the show of a batch that differ from episode to episode."""
    if report.show_scores is None:
        return []
    found = []
    for score, points in report.history.items():
        if len({point.value for point in points}) > 1:
            drifts = [drift_said(each) for each in report.show_scores.drifts if each.score == score]
            plot = _plot(score, points, report.show_scores.figures[score])
            found.append(Trend(name_of(score).capitalize(), plot, drifts))
    return found


def _plot(score: str, points: Sequence[ScorePoint], figures: ScoreFigures) -> Markup:
    scale = 100 if score in SHARES else 1
    values = [point.value * scale for point in points]
    limit = None if figures.limit is None else figures.limit * scale
    low, high = min(values), max(values)
    if limit is None:
        band = Band(low, high, "no limit")
    elif figures.at_most:
        band = Band(min(low, limit), limit, f"at most {limit:g}")
    else:
        band = Band(limit, max(high, limit), f"at least {limit:g}")
    average, line = values[0], []
    for value in values:
        average += WEIGHT * (value - average)
        line.append(average)
    return dots(
        [
            Point(label=point.title, value=value, good=point.passed is not False)
            for point, value in zip(points, values, strict=True)
        ],
        band,
        title=f"{name_of(score).capitalize()} over the episodes of the show",
        unit=" %" if score in SHARES else UNITS.get(score, ""),
        places=1 if scale == 100 else 2,
        order="the latest of the show, in their order",
        trend=line,
    )
