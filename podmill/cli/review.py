"""``podmill review``: the queue of episodes that a person is to hear, and what is decided."""

import getpass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from podmill.cli.options import AsJson
from podmill.cli.output import note as tell
from podmill.cli.output import print_document, print_json, show
from podmill.cli.player import play_file
from podmill.cli.progress import note_if_idle
from podmill.errors import InputError
from podmill.review import queue
from podmill.review.doubt import figure
from podmill.review.hearing import Hearing, hearing, made
from podmill.review.passage import FORMATS, cut
from podmill.review.queue import Entry, Kind
from podmill.settings import current
from podmill.store.database import open_engine, reading
from podmill.store.local import LocalStore

SHOWN: Final = 200
"""Rows of a table; JSON has all."""
STYLES: Final = {"failed": "red", "doubtful": "yellow"}

Item = Annotated[str, typer.Argument(metavar="ID", help="Number of an item, or how its episode's id begins.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides. Unset: the user of this shell.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it is kept.")]

app = typer.Typer(help="Hear and decide on sampled, doubtful and failed episodes.", no_args_is_help=True)


@app.command("list")
def list_items(
    of_show: Annotated[str | None, typer.Option("--show", metavar="SLUG", help="Only those of this show.")] = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only those of this kind.")] = None,
    decided: Annotated[bool, typer.Option("--decided", help="Those that were decided instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what waits to be heard."""
    found = queue.entries(open_engine(current()), show=of_show, kind=kind, decided=decided)
    if as_json:
        print_json({"items": [entry.model_dump(mode="json") for entry in found]})
        return
    show(queue_table(found[:SHOWN]) if found else Text("Nothing waits to be heard." if not decided else "Nothing."))
    if len(found) > SHOWN:
        tell(f"{len(found) - SHOWN} more are not shown; --json has all")


@app.command("show")
def show_item(item: Item, as_json: AsJson = False) -> None:
    """Show the lines in question beside what was heard, and what was measured."""
    with reading(open_engine(current())) as connection:
        found = hearing(connection, queue.find(connection, item))
    if as_json:
        print_document(found)
    else:
        show(hearing_table(found))


@app.command()
def play(
    item: Item,
    line: Annotated[int | None, typer.Option("--line", metavar="N", help="Unset: the first one in question.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help=f"Write it there ({', '.join(FORMATS)}); play nothing.")
    ] = None,
) -> None:
    """Play a line, from two seconds before to two seconds after it."""
    settings = current()
    with reading(open_engine(settings)) as connection:
        entry = queue.find(connection, item)
        found = made(connection, entry.episode_id)
    if found.recording is None:
        raise InputError("Nothing of this episode is spoken yet.", action=f"Run: podmill review show {entry.id}")
    number = line if line is not None else next(iter(entry.lines), 1)
    file = out or settings.temp / f"review-{entry.id}-line-{number}.wav"
    sound = cut(found.recording, found.line(number), LocalStore(settings.store_dir), suffix=file.suffix.lower())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(sound)
    if out is None and play_file(file):
        file.unlink()
        return
    show(escape(str(file)))


@app.command()
def approve(item: Item, note: Note = "", by: By = None, as_json: AsJson = False) -> None:
    """It is good as it is: an episode that waits goes on."""
    from pipelines import reviewing

    _tell(reviewing.approve(item, current(), by=_who(by), note=note), as_json=as_json)


@app.command()
def respeak(
    item: Item,
    lines: Annotated[str | None, typer.Option("--lines", metavar="N,N", help="Unset: those in question.")] = None,
    note: Note = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Have lines spoken once more in another way, and verified again."""
    from pipelines import reviewing

    _tell(
        reviewing.respeak(item, current(), by=_who(by), lines=_numbers(lines), note=note),
        as_json=as_json,
    )


@app.command()
def edit(
    item: Item,
    line: Annotated[list[int], typer.Option("--line", metavar="N", help="Of the script, from 1; again for another.")],
    text: Annotated[list[str], typer.Option("--text", metavar="TEXT", help="What it says instead; one for each line.")],
    note: Note = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change what lines say, and have them spoken anew."""
    from pipelines import reviewing

    if len(line) != len(set(line)) or len(line) != len(text):
        raise InputError(
            "Each --line must have one --text, and be named once.", action='As in: --line 3 --text "..."', field="line"
        )
    texts = dict(zip(line, text, strict=True))
    edited = reviewing.edit(item, current(), by=_who(by), texts=texts, note=note)
    _tell(edited, as_json=as_json)


@app.command()
def reject(
    item: Item,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it becomes the episode's reason.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """It is not to be heard: an episode that waits fails, one that is published is taken down."""
    from pipelines import reviewing

    _tell(reviewing.reject(item, current(), by=_who(by), note=note), as_json=as_json)


def queue_table(entries: list[Entry]) -> RenderableType:
    """Items, one a line."""
    table = Table("Item", "Kind", "State", "Show", "Episode", "Lines", "Why", box=None, header_style="bold")
    for entry in entries:
        state = entry.state if entry.state != "open" else "waits" if entry.episode_state == "review" else "open"
        by = f" by {entry.decided_by}" if entry.decided_by else ""
        table.add_row(
            str(entry.id),
            Text(entry.kind, STYLES.get(entry.kind, "")),
            escape(f"{state}{by}"),
            escape(entry.show),
            escape(f"{entry.episode_id[:8]} {entry.title}"),
            ", ".join(map(str, entry.lines)) or "all",
            escape(entry.note or entry.reason),
        )
    return table


def hearing_table(found: Hearing) -> RenderableType:
    """An item with its lines and scores."""
    item = found.item
    head = Text(f"Item {item.id}, {item.kind}, {item.state}: {item.title} ({item.show}, {item.episode_state})", "bold")
    scores = Table("Score", "Measured", "Limit", "", box=None, header_style="bold")
    for score in found.scores:
        figures = map(figure, (score.value, score.limit))
        passed = "" if score.passed is None else "passed" if score.passed else "not passed"
        scores.add_row(score.name, *figures, escape(" ".join(filter(None, (passed, score.said)))))
    lines = Table("Line", "At", "Who", "Script and what was heard", "Right", box=None, header_style="bold")
    shown = found.in_question[:SHOWN]
    for line in shown:
        heard = [] if line.heard is None else [f"heard: {line.heard or 'nothing'}"]
        lines.add_row(
            str(line.number),
            "\u2013" if line.start_s is None else f"{line.start_s:.1f} s",
            escape(line.speaker),
            escape("\n".join([line.text, *heard, *line.faults])),
            "\u2013" if line.word_accuracy is None else f"{line.word_accuracy:.0%}",
        )
    left = len(found.in_question) - len(shown)
    more = [Text(f"{left} more lines; --json has all", "dim")] if left else []
    return Group(head, Text(item.reason), *([scores] if found.scores else []), lines, *more)


def _numbers(lines: str | None) -> list[int]:
    try:
        return [int(each) for each in (lines or "").split(",") if each.strip()]
    except ValueError as exc:
        raise InputError(f"{lines!r} are no numbers of lines.", action="As in: --lines 3,7", field="lines") from exc


def _who(by: str | None) -> str:
    if by is None:
        try:
            by = getpass.getuser()
        except (OSError, KeyError) as exc:
            raise InputError("Nobody knows who decides.", action="Add: --by NAME", field="by") from exc
    if not by.strip():
        raise InputError("Somebody must decide.", action="Add: --by NAME", field="by")
    return by.strip()


def _tell(entry: Entry, *, as_json: bool) -> None:
    if entry.episode_state == "queued":
        note_if_idle(current())
    if as_json:
        print_json({"item": entry.model_dump(mode="json")})
    else:
        show(escape(f"{entry.state} {entry.id}: {entry.title} is {entry.episode_state}"))
