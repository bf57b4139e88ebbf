"""``podmill estimate``: what episodes will cost, before anything is spent."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from models.brief import Brief
from models.estimate import Estimate
from models.tables import Account, Schedule, table
from podmill.cli import reading
from podmill.cli.options import AccountName, AsJson, Minutes, ShowName, Strict
from podmill.cli.output import print_json, show
from podmill.errors import InputError
from podmill.money import accounts, purses, tiers
from podmill.money.amounts import MICRO
from podmill.money.purses import Standing
from podmill.settings import Settings, current
from podmill.store import database
from podmill.store.local import LocalStore

if TYPE_CHECKING:
    from podmill.forecasting import Advice, Place

ROWS_MAX = 200
ADVICE_MAX = 5
STEPS = ("research", "scripting", "synthesis", "verification", "storage")
ACCOUNT, SCHEDULE = table(Account), table(Schedule)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An episode that may be made."""

    title: str
    brief: Brief
    key: str = ""
    times: int = 1


def estimate(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Batches, briefs, documents or ready-made scripts.")
    ] = None,
    topic: Annotated[str | None, typer.Option(help="An episode about a topic, instead of files.")] = None,
    schedule: Annotated[str | None, typer.Option(help="A schedule's next month, instead of files.")] = None,
    minutes: Minutes = None,
    show_name: ShowName = None,
    engine: Annotated[str | None, typer.Option(help="Speech engine, with --topic.")] = None,
    writer: Annotated[str | None, typer.Option(help="Writer, with --topic.")] = None,
    language: Annotated[str, typer.Option(help="Language, with --topic.")] = "en",
    account: AccountName = None,
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """Tell what episodes will cost, how it could be less, and what budgets carry. Nothing is spent."""
    settings = current()
    if sum(map(bool, (paths, topic, schedule))) != 1:
        raise InputError("Name files, or --topic, or --schedule.", action="podmill estimate batch.yaml")
    base = database.open_engine(settings)
    if paths:
        asked = _of_files(paths, settings, strict=strict, show_name=show_name, minutes=minutes, as_json=as_json)
    elif topic:
        asked = [_of_topic(topic, settings, show_name, minutes, engine, writer, language)]
    else:
        asked = [_of_schedule(base, str(schedule), show_name)]
    # Loads the voices: only for what can be told.
    from podmill.forecasting import advise, fitting, open_forecaster, place
    from podmill.forecasting.made import left_of, so_far
    from podmill.preflight import Noting

    payer = account or settings.account
    forecaster = open_forecaster(base, settings, payer, LocalStore(settings.store_dir))
    with database.reading(base) as connection:
        known = so_far(connection, [each.key for each in asked if each.key])
        standings = fitting.standings(connection, payer, {each.brief.show for each in asked})
        today = dt.date.fromisoformat(purses.today(connection))
        is_open = connection.execute(ACCOUNT.select().where(ACCOUNT.c.id == payer)).first() is not None
        if not is_open and payer != settings.account:
            accounts.found(connection, payer)
        listed = tiers.load(settings)
        tier = accounts.tier_of(connection, payer, listed).name if is_open else ""
    known_prices = Noting(forecaster.prices)
    estimates = [forecaster.priced_by(known_prices).estimate(each.brief) for each in asked]
    if unknown := known_prices.taken():
        raise accounts.together(unknown)
    estimates = [
        left_of(found, known[each.key]) if each.key in known else found
        for each, found in zip(asked, estimates, strict=True)
    ]
    every = [(each, found) for each, found in zip(asked, estimates, strict=True) for _ in range(each.times)]
    places = place([(each.brief.show, found.likely_microusd) for each, found in every], standings, today)
    dearest = max(zip(asked, estimates, strict=True), key=lambda pair: pair[1].likely_microusd)
    advice = advise(dearest[0].brief, forecaster, listed, tier)[:ADVICE_MAX] if dearest[1].likely_microusd else []
    found = _Found(every, places, standings, today, dearest[0].title, advice)
    if as_json:
        print_json(found.as_json())
    else:
        show(found.as_table())


def _of_files(
    paths: list[Path], settings: Settings, *, strict: bool, show_name: str | None, minutes: float | None, as_json: bool
) -> list[_Asked]:
    submission = reading.read(paths, settings, strict=strict, show=show_name, minutes=minutes, as_json=as_json)
    from pipelines import batch

    briefs = batch.briefs_of(submission, settings)
    return [
        _Asked(request.subject, brief, request.key) for request, brief in zip(submission.episodes, briefs, strict=True)
    ]


def _of_topic(
    topic: str,
    settings: Settings,
    show_name: str | None,
    minutes: float | None,
    engine: str | None,
    writer: str | None,
    language: str,
) -> _Asked:
    from podmill import speech

    brief = Brief(
        show=show_name or "",
        topic=topic,
        minutes=minutes or settings.minutes,
        language=language,
        cast=speech.resolve_cast((), settings, language=language, engine_name=engine),
        writer=writer or settings.writer,
    )
    return _Asked(topic, brief)


def _of_schedule(base: Engine, name: str, show_name: str | None) -> _Asked:
    """As many episodes as it has slots in the next calendar month."""
    from pipelines.recurring import slots

    wanted = SCHEDULE.select().where(SCHEDULE.c.name == name)
    with database.reading(base) as connection:
        rows = connection.execute(wanted if show_name is None else wanted.where(SCHEDULE.c.show == show_name)).all()
        today = dt.date.fromisoformat(purses.today(connection))
    if len(rows) != 1:
        if rows:
            raise InputError(f"Several shows have a schedule {name!r}.", action="Add --show SLUG.")
        of = f" of the show {show_name!r}" if show_name else ""
        raise InputError(f"There is no schedule {name!r}{of}.", action="See: podmill show list")
    first = _month_after(today)
    after, until = (dt.datetime.combine(day, dt.time(), dt.UTC).timestamp() for day in (first, _month_after(first)))
    count = len(slots(rows[0].cron, rows[0].timezone, after_s=after - 1, until_s=until - 1))
    brief = Brief.model_validate(rows[0].brief)
    return _Asked(f"{brief.subject}, {first:%Y-%m}", brief, times=count)


def _month_after(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class _Found:
    episodes: list[tuple[_Asked, Estimate]]
    places: "list[Place]"
    standings: list[Standing]
    today: dt.date
    dearest: str
    advice: "list[Advice]"

    def as_json(self) -> dict[str, object]:
        last = self._last()
        return {
            "episodes": [
                {
                    "title": asked.title,
                    "show": asked.brief.show,
                    "minutes": found.minutes,
                    **_range(found),
                    "steps": {step: _usd(found.of_step(step)) for step in STEPS},
                    "items": [_item(each.model_dump()) for each in found.items],
                    "repair_usd": _usd(found.repair_microusd),
                    "note": found.note,
                    "fits": _when(placed, self.today),
                    "day": placed.day.isoformat() if placed.day else None,
                    "budget": f"{placed.standing.owner} {placed.standing.span}" if placed.standing else None,
                }
                for (asked, found), placed in zip(self.episodes, self.places, strict=True)
            ],
            "total": {name: round(sum(_range(found)[name] for _, found in self.episodes), 6) for name in _RANGE}
            | {"repair_usd": _usd(self._repair_microusd())},
            "fits_now": self._count("now"),
            "fits_later": self._count("later"),
            "fits_never": self._count("never"),
            "done_by": last.isoformat() if last else None,
            "days": (last - self.today).days + 1 if last else None,
            "budgets": [
                {
                    "owner": each.owner,
                    "span": each.span,
                    "limit_usd": _usd(each.limit_microusd),
                    "left_usd": _usd(each.left_microusd),
                }
                for each in self.standings
            ],
            "advice": [{"what": each.what, "saving_usd": _usd(each.saving_microusd)} for each in self.advice],
            "advice_for": self.dearest,
        }

    def as_table(self) -> RenderableType:
        rows = Table("Episode", "Minutes", "Research", "Script", "Voice", "Likely", "From", "To", "", box=None)
        for column in rows.columns[1:8]:
            column.justify = "right"
        for (asked, found), placed in list(zip(self.episodes, self.places, strict=True))[:ROWS_MAX]:
            steps = (_shown(found.of_step(step)) for step in STEPS[:3])
            sums = (_shown(each) for each in (found.likely_microusd, found.low_microusd, found.high_microusd))
            rows.add_row(escape(asked.title), f"{found.minutes:g}", *steps, *sums, self._fit(placed))
        total = (_shown(sum(getattr(found, f"{name}_microusd") for _, found in self.episodes)) for name in _NAMES)
        rows.add_row("Total", f"{sum(found.minutes for _, found in self.episodes):g}", "", "", "", *total, style="bold")
        parts: list[RenderableType] = [rows]
        if repair_microusd := self._repair_microusd():
            parts.append(Text(f"Plus at most {_shown(repair_microusd)} held for repairs: what is not used goes back."))
        if len(self.episodes) > ROWS_MAX:
            parts.append(Text(f"and {len(self.episodes) - ROWS_MAX} more episodes: --json lists all", "dim"))
        parts += [
            Text(f"{asked.title}: {found.note}", "yellow") for asked, found in self.episodes[:ROWS_MAX] if found.note
        ]
        bases = sorted({item.basis for _, found in self.episodes for item in found.items if item.likely_microusd})
        if bases:
            parts.append(Text(f"Told by: {', '.join(bases)}", "dim"))
        if self.standings:
            parts.append(Text(self._budgets()))
        if self.advice:
            parts.append(Text(f"Less for {self.dearest!r}:"))
            parts += [Text(f"  - {each.what}: ${each.saving_microusd / MICRO:.2f} less") for each in self.advice]
        return Group(*parts)

    def _repair_microusd(self) -> int:
        return sum(found.repair_microusd for _, found in self.episodes)

    def _count(self, word: str) -> int:
        return sum(_when(each, self.today) == word for each in self.places)

    def _last(self) -> dt.date | None:
        """The day on which the last of them is paid for, of those that ever are."""
        return max((each.day for each in self.places if each.day), default=None)

    def _budgets(self) -> str:
        parts = [f"{self._count('now')} of {len(self.places)} fit budgets now"]
        if later := self._count("later"):
            parts.append(f"{later} later, the last on {self._last()}")
        if never := self._count("never"):
            parts.append(f"{never} never")
        return ", ".join(parts)

    def _fit(self, placed: "Place") -> Text:
        if not self.standings:
            return Text("")
        word = _when(placed, self.today)
        owner = f": {placed.standing.owner} {placed.standing.span}" if placed.standing and word != "now" else ""
        return Text(
            f"{placed.day if word == 'later' else word}{owner}", {"now": "green", "later": "yellow"}.get(word, "red")
        )


_NAMES = ("likely", "low", "high")
_RANGE = ("low_usd", "likely_usd", "high_usd")


def _range(found: Estimate) -> dict[str, float]:
    return {name: _usd(getattr(found, name.replace("_usd", "_microusd"))) for name in _RANGE}


def _item(item: dict[str, object]) -> dict[str, object]:
    return {
        name.replace("_microusd", "_usd"): _usd(int(str(value))) if name.endswith("_microusd") else value
        for name, value in item.items()
    }


def _when(placed: "Place", today: dt.date) -> str:
    return "never" if placed.day is None else "now" if placed.day == today else "later"


def _usd(amount_microusd: int) -> float:
    return amount_microusd / MICRO


def _shown(amount_microusd: int) -> str:
    return f"${amount_microusd / MICRO:.4f}"
