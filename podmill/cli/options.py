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
ReportFile = Annotated[
    Path | None, typer.Option("--report", "--html", help="Write the report as one HTML page.", metavar="FILE")
]
