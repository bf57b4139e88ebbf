"""``podmill doctor``: what works here, which settings are in force, and where each came from."""

import typer
from rich.table import Table
from rich.text import Text

from podmill.cli.checks import CHECKS, Check
from podmill.cli.options import AsJson
from podmill.cli.outcome import Outcome
from podmill.cli.output import print_json, show
from podmill.cli.services import services
from podmill.settings import Origin, Settings, current, in_force

MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "failed": ("failed", "bold red")}


def doctor(as_json: AsJson = False) -> None:
    """Check this machine, and explain the settings in force."""
    settings = current()
    checks = [*(check(settings) for check in CHECKS), *services(settings)]
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
    raise typer.Exit(Outcome.INCOMPLETE if any(check.state == "failed" for check in checks) else Outcome.DONE)


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
