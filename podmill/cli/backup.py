"""``podmill backup`` and ``podmill restore``."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from podmill.cli.options import AsJson
from podmill.cli.output import errors, note, print_json
from podmill.settings import current


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write; gzipped if it ends with .gz.")],
    as_json: AsJson = False,
) -> None:
    """Write the whole embedded node into one file; it may go on running."""
    from podmill.backup import making

    with _shown("Backing up") as progress:
        made = making.make(current(), file, progress)
    if as_json:
        told = {"path": str(made.path), "size_bytes": made.size_bytes, "files": made.files, "damaged": made.damaged}
        print_json(told)
    note(f"{made.path}: {made.files} files, {made.size_bytes / 1e6:.1f} MB")
    if made.damaged:
        note(f"{made.damaged} of them were damaged in the store before; they are in it as they are.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What podmill backup wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Move what is there aside.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into the home folder, where no node may run."""
    from podmill.backup import restoring

    settings = current()
    with _shown("Restoring") as progress:
        done = restoring.restore(settings, file, force=force, progress=progress)
    if done is None:
        note(f"A restore of {settings.home} that was interrupted is finished now. Run: podmill up")
        if as_json:
            print_json({"home": str(settings.home), "finished": True})
        return
    if as_json:
        told = {"home": str(settings.home), "files": done.files, "created_at": done.created_at}
        print_json(told | {"aside": list(map(str, done.aside))})
    made_at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(done.created_at))
    note(f"{settings.home} is as it was on {made_at}: {done.files} files. Run: podmill up")
    for path in done.aside:
        note(f"  what was there before: {path}")
    if done.own_config_kept:
        note("  podmill.toml is the one that was there; the backup's was not used")


@contextmanager
def _shown(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; elsewhere a line at each tenth."""
    console = errors()
    if console.is_terminal:
        with Progress(TextColumn(what), BarColumn(), DownloadColumn(), console=console, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, of: bar.update(task, completed=done, total=of)
        return
    shown = 0

    def tell(done: int, of: int) -> None:
        nonlocal shown
        tenth = 10 * done // of if of else 10
        if tenth > shown:
            shown = tenth
            note(f"{what}: {tenth * 10} %")

    yield tell
