"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse the whole file for one bad row.")]
ShowName = Annotated[str | None, typer.Option("--show", help="Show for what does not name one.", metavar="SLUG")]
Minutes = Annotated[float | None, typer.Option("--minutes", help="Length of episodes that do not state one.")]
AccountName = Annotated[
    str | None, typer.Option("--account", help="Account that pays, instead of PODMILL_ACCOUNT.", metavar="NAME")
]
Since = Annotated[str | None, typer.Option(metavar="DAY", help="First day or month, in UTC: 2026-11-21 or 2026-11.")]
Until = Annotated[str | None, typer.Option(metavar="DAY", help="Last day or month.")]
CheckOnly = Annotated[
    bool, typer.Option("--check", help="Only tell what is in the way and what it will cost; make nothing.")
]
OnlyFitting = Annotated[
    bool,
    typer.Option("--only-fitting", help="Leave out episodes that cannot be made or paid for, and make the others."),
]
ReportFile = Annotated[
    Path | None, typer.Option("--report", "--html", help="Write the report as one HTML page.", metavar="FILE")
]
