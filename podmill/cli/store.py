"""``podmill store``: what lies in it."""

from typing import Annotated

import typer

from podmill.cli.options import AsJson
from podmill.cli.output import note, print_json
from podmill.settings import current
from podmill.store import database

app = typer.Typer(help="The artifacts of all episodes.", no_args_is_help=True)


@app.command()
def collect(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False, as_json: AsJson = False
) -> None:
    """Remove artifacts that nothing refers to, as a node does every hour."""
    from podmill.store.collect import collect as collect_now

    settings = current()
    done = collect_now(database.open_engine(settings), settings, dry_run=dry_run)
    if as_json:
        print_json(
            {"files": done.files, "size_bytes": done.size_bytes, "takes": done.takes} if done else {"busy": True}
        )
    if done is None:
        note("Not now: a backup is being made, or a node collects already.")
        return
    words = "could be removed" if dry_run else "removed"
    note(f"{done.files} artifacts {words}, {done.size_bytes / 1e6:.1f} MB; {done.takes} takes forgotten")
