"""What a pre-flight found, for people and for scripts."""

from typing import TYPE_CHECKING, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from podmill.briefs import Submission
from podmill.cli.outcome import Outcome
from podmill.cli.output import errors, note, print_json, show
from podmill.money.amounts import MICRO
from podmill.settings import Settings

if TYPE_CHECKING:
    from pipelines.preflight import Forecast, Preflight
    from podmill.preflight import Finding

ROWS_MAX: Final = 200
COLOURS: Final = {"now": "green", "later": "yellow", "never": "red"}


def passed(
    submission: Submission,
    settings: Settings,
    *,
    account: str | None,
    check: bool,
    only_fitting: bool,
    as_json: bool,
) -> Submission:
    """The submission that may be made; what was found is told.

    Args:
        check: only tell, on standard output.

    Raises:
        typer.Exit: something is in the way and nothing was made; or nothing is to be made.
    """
    from pipelines import preflight  # loads Celery and the voices: only for what can be used

    found = preflight.check(submission, settings, account=account, only_fitting=only_fitting)
    code = Outcome.NOTHING if found.refused else Outcome.INCOMPLETE if found.submission.refused else Outcome.DONE
    for each in found.findings:
        _tell(each, left_out=found.left_out > 0)
    if check:
        if as_json:
            print_json(_as_json(found, submission))
        else:
            show(_as_table(found))
        raise typer.Exit(code)
    if found.refused:
        note(f"Nothing was made. {_sum(found)}")
        if as_json:
            print_json(_as_json(found, submission))
        raise typer.Exit(code)
    if found.left_out:
        note(f"Left out: {found.left_out} of {found.new}.")
    return found.submission


def _tell(finding: "Finding", *, left_out: bool) -> None:
    word, colour = ("note", "yellow") if not finding.stops or left_out else ("error", "bold red")
    errors().print(Text.assemble((f"{word}: ", colour), str(finding)))


def _as_json(found: "Preflight", submission: Submission) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ok": not found.refused,
        "new": found.new,
        "left_out": found.left_out,
        "findings": [_finding(each) for each in found.findings],
        "refused": [row.model_dump(mode="json") for row in submission.refused],
        "forecast": [_forecast(each, found) for each in found.forecasts],
        "total": {name: round(sum(_usd(each, name) for each in found.forecasts), 6) for name in _FIGURES},
    }
    told |= {f"fits_{word}": _count(found, word) for word in COLOURS}
    if found.refused:
        first = found.findings[0]
        place = first.episodes[0] if first.episodes else None
        told["error"] = {
            "code": first.code,
            "message": first.message,
            "action": first.action,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "field": first.field,
        }
    return told


def _finding(finding: "Finding") -> dict[str, Any]:
    told = finding.model_dump(mode="json", exclude={"episodes"})
    return told | {"episodes": [place.model_dump(mode="json", exclude={"key"}) for place in finding.episodes]}


def _forecast(forecast: "Forecast", found: "Preflight") -> dict[str, Any]:
    place, day = forecast.place, forecast.day
    return {
        "title": place.title,
        "file": place.file,
        "line": place.line,
        "minutes": forecast.estimate.minutes,
        **{name: _usd(forecast, name) for name in _FIGURES},
        "fits": forecast.fits(found.today),
        "day": day.day.isoformat() if day.day else None,
        "budget": f"{day.standing.owner} {day.standing.span}" if day.standing else None,
    }


def _as_table(found: "Preflight") -> RenderableType:
    if not found.new:
        return Text("All of it is made already: nothing is new.")
    rows = Table("Episode", "Minutes", "Likely", "From", "To", "", box=None)
    for column in rows.columns[1:5]:
        column.justify = "right"
    for each in found.forecasts[:ROWS_MAX]:
        figures = (f"${_usd(each, name):.4f}" for name in _FIGURES)
        rows.add_row(escape(each.place.title), f"{each.estimate.minutes:g}", *figures, _fit(each, found))
    more = len(found.forecasts) - ROWS_MAX
    parts: list[RenderableType] = [rows, *([Text(f"and {more} more: --json lists all", "dim")] if more > 0 else [])]
    return Group(*parts, Text(_sum(found)))


def _fit(forecast: "Forecast", found: "Preflight") -> Text:
    word, standing = forecast.fits(found.today), forecast.day.standing
    if not found.standings:
        return Text("")
    why = f": {standing.owner} {standing.span}" if standing and word != "now" else ""
    return Text(f"{forecast.day.day if word == 'later' else word}{why}", COLOURS[word])


def _sum(found: "Preflight") -> str:
    """In one line."""
    stops = sum(each.stops for each in found.findings)
    likely, low, high = (sum(_usd(each, name) for each in found.forecasts) for name in _FIGURES)
    parts = [
        f"{found.new} new episodes" if found.new != 1 else "1 new episode",
        f"${likely:.2f} likely (${low:.2f} to ${high:.2f})",
    ]
    if found.standings:
        counts = {word: _count(found, word) for word in COLOURS}
        parts.append("budgets carry " + ", ".join(f"{count} {word}" for word, count in counts.items() if count))
    parts.append(f"{stops} things in the way" if stops != 1 else "1 thing in the way")
    return ", ".join(parts) + "."


def _count(found: "Preflight", word: str) -> int:
    return sum(each.fits(found.today) == word for each in found.forecasts)


_FIGURES: Final = ("likely_usd", "low_usd", "high_usd")


def _usd(forecast: "Forecast", name: str) -> float:
    return float(getattr(forecast.estimate, name.replace("_usd", "_microusd"))) / MICRO
