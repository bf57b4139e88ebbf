"""``podmill doctor``: what works here, which settings are in force, and where each came from."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Final

import typer
from rich.table import Table
from rich.text import Text

from podmill.cli.checks import CHECKS, Check
from podmill.cli.options import AsJson
from podmill.cli.outcome import Outcome
from podmill.cli.output import print_json, show
from podmill.cli.services import services
from podmill.settings import Origin, Settings, current, in_force

MARKS = {
    "ok": ("ok", "green"),
    "note": ("note", "yellow"),
    "failed": ("failed", "bold red"),
    "off": ("\u2013", "dim"),
}
CHECK_S: Final = 30.0
"""All checks together, which are made at the same time."""


def doctor(as_json: AsJson = False) -> None:
    """Check this machine, and explain the settings in force."""
    settings = current()
    local = [(check.__name__, partial(check, settings)) for check in CHECKS]
    checks = made([*local, *services(settings)])
    origins = in_force()
    if as_json:
        described = {row.name: _description(row) for row in origins}
        print_json(
            {
                "checks": [check.model_dump(mode="json") for check in checks],
                "settings": [row.model_dump() | {"description": described[row.name]} for row in origins],
            }
        )
    else:
        show(_checks_table(checks))
        show(_settings_table(origins))
    raise typer.Exit(Outcome.NOTHING if any(check.state == "failed" for check in checks) else Outcome.DONE)


def made(checks: Sequence[tuple[str, Callable[[], Check]]], *, within_s: float = CHECK_S) -> list[Check]:
    """What checks found, made at the same time: one that hangs is left behind, and says so."""
    found: dict[int, Check] = {}

    def make(number: int) -> None:
        name, check = checks[number]
        try:
            found[number] = check()
        except Exception as exc:  # noqa: BLE001 - whatever it is, the others are shown
            found[number] = Check(
                name=name,
                state="failed",
                found=f"Unexpected {type(exc).__name__}. This is a bug in Podmill: please report it.",
            )

    threads = [threading.Thread(target=make, args=(number,), daemon=True) for number in range(len(checks))]
    until = monotonic() + within_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - monotonic(), 0.0))
    late = f"No answer within {within_s:g} s."
    return [
        found.get(number) or Check(name=name, state="note", found=late, action="Try again later.")
        for number, (name, _) in enumerate(checks)
    ]


def _checks_table(checks: list[Check]) -> Table:
    table = Table("Check", "", "Found", box=None, header_style="bold")
    for check in checks:
        found = Text(check.found) if not check.action else Text(f"{check.found} {check.action}")
        table.add_row(check.name, Text(*MARKS[check.state]), found)
    return table


def _settings_table(origins: list[Origin]) -> Table:
    table = Table("Setting", "Value", "From", "Meaning", box=None, header_style="bold")
    for row in origins:
        changed = "" if row.origin == "default" else "bold"
        table.add_row(row.name, Text(row.value, changed), Text(row.origin, changed), Text(_description(row), "dim"))
    return table


def _description(row: Origin) -> str:
    return Settings.model_fields[row.name].description or ""
