"""Status and report as tables for a terminal."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from models.steps import EpisodeState
from podmill import recovery
from podmill.report.page import duration, percent, spoken
from podmill.report.status import BatchOverview, BatchStatus, EpisodeStatus
from podmill.report.summary import BatchReport
from podmill.report.trends import boxes, drift_said, name_of, shown, voice_said

ROWS_MAX: Final = 200
"""Episodes and refused rows listed; of more, episodes that need a person or are worked on come first."""

STYLES = {
    EpisodeState.PUBLISHED: "green",
    EpisodeState.FAILED: "red",
    EpisodeState.REVIEW: "yellow",
    EpisodeState.CANCELLED: "dim",
    EpisodeState.PARKED: "yellow",
}


def overview_table(batches: Sequence[BatchOverview]) -> RenderableType:
    """The newest batches, one a line."""
    table = Table("Batch", "Show", "State", "Episodes", "Refused", "Name", box=None, header_style="bold")
    for batch in batches:
        states = ", ".join(f"{count} {state}" for state, count in sorted(batch.episodes.items())) or "none"
        table.add_row(batch.batch, batch.show, batch.state, states, str(batch.refused or ""), escape(batch.name))
    return table


def status_table(status: BatchStatus) -> RenderableType:
    """A batch and its episodes, and the rows that were refused."""
    table = Table("Episode", "Title", "State", "Length", "Accuracy", "LUFS", "Cost", box=None, header_style="bold")
    for column in table.columns[3:]:
        column.justify = "right"
    listed = _listed(status.episodes)
    for episode in listed:
        table.add_row(
            episode.id[:8],
            escape(episode.title),
            state_text(episode),
            duration(episode.duration_s),
            percent(episode.word_accuracy),
            "\u2013" if episode.loudness_lufs is None else f"{episode.loudness_lufs:.2f}",
            f"${episode.cost_usd:.4f}",
        )
    parts: list[RenderableType] = [Text(f"Batch {status.batch} of {status.show}: {status.state}", "bold"), table]
    parts += _more(len(status.episodes), "episodes")
    parts += _stopped(listed)
    parts += [Text(f"{e.id[:8]}: {spoken(e)}", "yellow") for e in listed if e.spoken_why]
    parts += [Text(f"{e.id[:8]}: {e.degraded}", "yellow") for e in listed if e.degraded]
    parts += [Text(f"Budget: {warning}", "yellow") for warning in status.budget_warnings]
    parts += [Text(f"Drift: {drift_said(drift)}", "yellow") for drift in status.drifts]
    parts += [Text(f"refused: {refused_line(row)}", "yellow") for row in status.refused[:ROWS_MAX]]
    parts += _more(len(status.refused), "refused rows")
    if status.feed_path:
        parts.append(Text(f"Feed: {status.feed_path}"))
    return Group(*parts)


def report_table(report: BatchReport) -> RenderableType:
    """The figures of a batch, under its status."""
    figures = report.summary
    table = Table(box=None, show_header=False)
    table.add_row("Published", f"{figures.published} of {figures.episodes} ({percent(figures.success_rate)})")
    if figures.text_only:
        table.add_row("Text only", f"{figures.text_only} of those published")
    table.add_row("Audio", duration(figures.audio_s))
    if figures.word_accuracy:
        accuracy = figures.word_accuracy
        table.add_row("Word accuracy", f"{percent(accuracy.mean)} on average, lowest {percent(accuracy.lowest)}")
    if figures.loudness_lufs:
        loudness = figures.loudness_lufs
        table.add_row("Loudness", f"{loudness.lowest:.2f} to {loudness.highest:.2f} LUFS")
    if figures.true_peak_dbtp:
        table.add_row("True peak", f"at most {figures.true_peak_dbtp.highest:.2f} dBTP")
    for voice, heard in report.voices.items():
        table.add_row("Voice", Text(voice_said(voice, heard), "yellow" if heard.passed is False else ""))
    for drift in report.show_scores.drifts if report.show_scores else ():
        if drift not in report.drifts:
            table.add_row("Drift", Text(drift_said(drift), "yellow" if drift.worse else ""))
    table.add_row("Work", _work(report))
    table.add_row("Cost", f"${figures.cost_usd:.4f} for {_speech_requests(figures.requests)}")
    if figures.estimated_usd is not None:
        table.add_row("Estimate", f"${figures.estimated_usd:.4f} for what cost ${figures.estimated_cost_usd:.4f}")
    for provider, cost_usd in figures.cost_by_provider_usd.items():
        table.add_row("", f"{escape(provider)} ${cost_usd:.4f}")
    return Group(status_table(report), Text(), table, *_scores(report))


def _scores(report: BatchReport) -> list[RenderableType]:
    """How each score lies over the batch, and over its show."""
    if not report.scores:
        return []
    figures = ("Limit", "Lowest", "Quartile", "Median", "Quartile", "Highest", "Missed", "Unknown")
    table = Table("Score", "Of", *figures, box=None, header_style="bold", padding=(0, 1, 0, 0))
    for column in table.columns[2:]:
        column.justify = "right"
    for row in boxes(report):
        each = row.figures
        values = (each.limit, each.lowest, each.lower_quartile, each.median, each.upper_quartile, each.highest)
        name = name_of(row.score).capitalize() if row.of == "batch" else ""
        told = [shown(row.score, value) for value in values]
        table.add_row(name, row.of, *told, Text(str(each.failed or ""), "red"), str(each.unmeasured or ""))
    return [Text(), table]


def _speech_requests(count: int) -> str:
    return f"{count:,} speech request{'' if count == 1 else 's'}"


def state_text(episode: EpisodeStatus) -> Text:
    """The state of an episode, with its step unless it is published."""
    state = EpisodeState(episode.state)
    step = "" if state == EpisodeState.PUBLISHED else f" ({episode.step.replace('_', ' ')})"
    text = ", text only" if episode.text_only else ""
    return Text(f"{'paused' if episode.paused else state}{step}{text}", STYLES.get(state, ""))


def _stopped(episodes: Sequence[EpisodeStatus]) -> list[Text]:
    """Why episodes do not go on, and what can be done: once for all that stopped in the same way."""
    found: dict[str, list[EpisodeStatus]] = defaultdict(list)
    for episode in episodes:
        if episode.options:
            found[episode.error_code or ""].append(episode)
    lines = []
    for code, alike in found.items():
        for episode in alike:
            reason = episode.error or episode.activity or "no reason is known"
            lines.append(Text(f"{episode.id[:8]}: {reason}", "red" if episode.error else "yellow"))
        ways = alike[0].options if len(alike) == 1 else recovery.options(code)
        lines += [Text(f"  - {way}", "dim") for way in ways]
    return lines


def refused_line(row: dict[str, object]) -> str:
    """A refused row as ``file:line: field: message``."""
    place = ":".join(str(row[name]) for name in ("file", "line") if row.get(name) is not None)
    return ": ".join(str(part) for part in (place, row.get("field"), row["message"]) if part)


def _listed(episodes: Sequence[EpisodeStatus]) -> Sequence[EpisodeStatus]:
    if len(episodes) <= ROWS_MAX:
        return episodes
    quiet = (EpisodeState.QUEUED, EpisodeState.PUBLISHED)
    return sorted(episodes, key=lambda episode: episode.state in quiet)[:ROWS_MAX]


def _more(count: int, what: str) -> list[Text]:
    return [Text(f"and {count - ROWS_MAX} more {what}: --json lists all", "dim")] if count > ROWS_MAX else []


def _work(report: BatchReport) -> str:
    figures = report.summary
    steps = ", ".join(f"{step.replace('_', ' ')} {s:.1f} s" for step, s in figures.step_busy_s.items() if s)
    rate = "" if figures.seconds_per_minute is None else f", {figures.seconds_per_minute:.1f} s for each minute"
    return f"{figures.busy_s:.1f} s{rate}" + (f" ({steps})" if steps else "")
