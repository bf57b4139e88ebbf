"""``podmill show``: shows, and the episodes that recur."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy import select

from models import tables
from models.gates import StatedGates
from models.sound import Sound
from podmill.briefs import read_show_request
from podmill.cli import reading
from podmill.cli.options import AsJson, Minutes
from podmill.cli.output import print_json, show
from podmill.errors import InputError
from podmill.settings import current
from podmill.store import database

app = typer.Typer(help="Shows and their recurring episodes.", no_args_is_help=True)

SHOW, SCHEDULE = tables.table(tables.Show), tables.table(tables.Schedule)
LISTED = (
    *("slug", "title", "description", "author", "language", "category", "subcategory", "link", "guid"),
    *("voices_order", "voices_fallback", "voices_degrade", "quality", "degrade", "sound", "gates", "brand"),
)

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="Short name of the show.")]
Text = Annotated[str | None, typer.Option()]


@app.command("list")
def list_shows(as_json: AsJson = False) -> None:
    """List shows and their schedules."""
    with database.reading(database.open_engine(current())) as connection:
        shows = [dict(row) for row in connection.execute(select(SHOW).order_by(SHOW.c.slug)).mappings()]
        schedules = [dict(row) for row in connection.execute(select(SCHEDULE).order_by(SCHEDULE.c.name)).mappings()]
    for each in shows:
        own = [row for row in schedules if row["show"] == each["slug"]]
        each["schedules"] = [{name: row[name] for name in ("name", "cron", "timezone", "active")} for row in own]
    if as_json:
        listed = [{name: each[name] for name in (*LISTED, "schedules")} for each in shows]
        print_json({"shows": [each | {"gates_in_force": _gates_in_force(each)} for each in listed]})
        return
    table = Table("Show", "Title", "Language", "Recurring", box=None, header_style="bold")
    for each in shows:
        recurring = "; ".join(f"{row['name']}: {row['cron']} {row['timezone']}" for row in each["schedules"])
        table.add_row(each["slug"], each["title"], each["language"], recurring)
    show(table)


@app.command("add", help="Make a show.")
@app.command("edit", help="Change what is stated of a show; its address and guid stay.")
def save(
    context: typer.Context,
    slug: Slug,
    title: Text = None,
    description: Text = None,
    author: Text = None,
    owner_email: Text = None,
    language: Text = None,
    category: Text = None,
    subcategory: Text = None,
    link: Text = None,
    copyright: Text = None,  # noqa: A002 - it is the option's name
    explicit: Annotated[bool | None, typer.Option("--explicit/--not-explicit")] = None,
    cover: Annotated[Path | None, typer.Option(help="JPEG or PNG.")] = None,
    sound: Annotated[
        Path | None, typer.Option(help="YAML file of loudness, music and ads, or `nothing` to have none again.")
    ] = None,
    gates: Annotated[
        Path | None,
        typer.Option(help="YAML file of limits and actions, or `nothing` for ours again."),
    ] = None,
    brand: Annotated[Path | None, typer.Option(help="YAML file of words, openings and tone, or `nothing`.")] = None,
    voices_order: Annotated[
        str | None, typer.Option(help="Who speaks when the voices of a cast cannot: minimax,local,text")
    ] = None,
    voices_fallback: Annotated[str | None, typer.Option(help="never, whole or mixed.")] = None,
    voices_degrade: Annotated[str | None, typer.Option(help="auto, shifted, both, or nothing.")] = None,
    quality: Annotated[str | None, typer.Option(help="standard or hd.")] = None,
    degrade: Annotated[
        str | None,
        typer.Option(help="Given up when a budget does not cover an episode: quality,voice,minutes, or nothing."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a show or change it."""
    from pipelines.batch import save_show, take_files

    new = context.info_name == "add"
    settings = current()
    stated = {
        "slug": slug,
        "title": title,
        "description": description,
        "author": author,
        "owner_email": owner_email,
        "language": language,
        "category": category,
        "subcategory": subcategory,
        "link": link,
        "copyright": copyright,
        "explicit": explicit,
        "cover": cover,
        "sound": sound,
        "gates": gates,
        "brand": brand,
        "voices_order": voices_order,
        "voices_fallback": voices_fallback,
        "voices_degrade": voices_degrade,
        "quality": quality,
        "degrade": degrade,
    }
    request = read_show_request({name: value for name, value in stated.items() if value is not None}, settings)
    cover_artifact = take_files(request, settings)
    engine = database.open_engine(settings)
    with database.transaction(engine) as connection:
        exists = connection.scalar(select(SHOW.c.slug).where(SHOW.c.slug == request.slug)) is not None
        if exists == new:
            problem = "There is a show" if exists else "There is no show"
            action = f"Run: podmill show {'edit' if exists else 'add'} {request.slug}"
            raise InputError(f"{problem} {request.slug!r}.", action=action, field="slug")
        save_show(connection, request, cover_artifact, settings)
    _tell({"show": request.slug, "saved": True}, as_json=as_json)


@app.command()
def schedule(
    slug: Slug,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the schedule; the same name again changes it.")],
    brief: Annotated[Path, typer.Argument(metavar="FILE", help="Brief, document or script of every episode.")],
    cron: Annotated[str, typer.Option(help="Minute, hour, day of month, month, day of week: '0 6 * * 1'.")],
    timezone: Annotated[str, typer.Option("--tz", "--timezone", help="IANA name.")] = "UTC",
    minutes: Minutes = None,
    as_json: AsJson = False,
) -> None:
    """Make an episode of the show again and again."""
    from pipelines import recurring
    from pipelines.batch import brief_of

    settings = current()
    submission = reading.read([brief], settings, strict=True, show=slug, minutes=minutes, as_json=as_json)
    if len(submission.episodes) != 1:
        raise InputError(f"A schedule makes one episode at a time, but {brief} asks for {len(submission.episodes)}.")
    request = submission.episodes[0].model_copy(update={"show": slug})
    engine = database.open_engine(settings)
    recurring.schedule(
        engine, show=slug, name=name, cron=cron, timezone=timezone, brief=brief_of(engine, request, settings)
    )
    _tell({"show": slug, "schedule": name, "cron": cron, "timezone": timezone}, as_json=as_json)


@app.command()
def unschedule(slug: Slug, name: Annotated[str, typer.Argument(metavar="NAME")], as_json: AsJson = False) -> None:
    """Stop making it; the episodes it made stay."""
    from pipelines import recurring

    recurring.unschedule(database.open_engine(current()), show=slug, name=name)
    _tell({"show": slug, "unscheduled": name}, as_json=as_json)


def _gates_in_force(show: Mapping[str, Any]) -> dict[str, Any]:
    """Limits and actions of a show once its length can be planned: as it states them, else as the settings say."""
    from podmill.mastering.target import Target  # what reads audio is slow to load
    from podmill.quality import gates_of

    settings = current()
    target = Target.of(Sound.model_validate(show["sound"]) if show["sound"] else None, settings)
    settings = settings.model_copy(update={"true_peak_dbtp": target.true_peak_dbtp})
    stated = StatedGates.model_validate(show["gates"]) if show["gates"] else None
    return gates_of(settings, stated).model_dump()


def _tell(result: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        show(", ".join(f"{name} {value}" for name, value in result.items()))
