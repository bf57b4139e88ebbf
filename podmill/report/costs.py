"""What was paid: the ledger, added up by account, show, batch, episode, provider, step, day or month.

Amounts are integer micro-dollars, and every way of adding them up comes to the same total: what the ledger holds. What
is in doubt counts as spent and stands apart; what is under way, or held for episodes, is not spent.
"""

import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel

from models.steps import STEPS, ChargeState, EpisodeState
from podmill.report.costs_book import Book, Charged, ended_on

By = Literal["account", "show", "batch", "episode", "provider", "step", "day", "month"]
WAYS: Final[tuple[By, ...]] = get_args(By)
PERIODS: Final = ("day", "month")
SHARES: Final = ("provider", "step")
"""Ways in which one episode is in several rows."""

FAILED: Final = (EpisodeState.FAILED, EpisodeState.REVIEW)
MINUTE_S: Final = 60.0


class CostRow(BaseModel):
    """One line: a show, a day, ... or the total."""

    name: str
    title: str
    """As a person knows it."""
    requests: int = 0
    """Paid requests, settled or in doubt."""
    settled_microusd: int = 0
    in_doubt_microusd: int = 0
    spent_microusd: int = 0
    """Both."""
    provider_microusd: int = 0
    """What providers take of it: before discounts of accounts."""
    under_way_microusd: int = 0
    """What requests that are being made may cost."""
    held_microusd: int = 0
    """Reserved for episodes and not asked for yet; none by provider and step."""
    quantities: dict[str, float] = {}
    """Billed, by provider and unit."""
    episodes: int = 0
    """By provider and step: those that paid something."""
    published: int = 0
    failed: int = 0
    """Or waiting for a person."""
    success_rate: float | None = None
    """Published share of the episodes that are finished, 0 to 1."""
    audio_s: float = 0.0
    """Published."""
    per_minute_microusd: float | None = None
    """Spent for each minute that was published; by provider and step, of all that was."""
    busy_s: float = 0.0
    """Working time; by provider it is not known."""
    elapsed_s: float | None = None
    """From submission to publication: the median."""
    estimated_microusd: int | None = None
    """What published episodes were expected to cost before anything was spent; None: nobody estimated any."""
    estimated_cost_microusd: int = 0
    """What the same episodes did cost, whenever that was."""


class Costs(BaseModel):
    """The ledger, added up in one way."""

    by: By
    since: str | None
    until: str | None
    account: str | None
    show: str | None
    rows: list[CostRow]
    """Periods and steps in their order, others by what was spent."""
    total: CostRow


class EpisodeEstimate(BaseModel):
    """What one published episode was expected to cost, and did."""

    title: str
    estimated_microusd: int
    cost_microusd: int


@dataclass(slots=True)
class _Sum:
    row: CostRow
    quantities: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    elapsed: list[float] = field(default_factory=list)
    payers: set[str] = field(default_factory=set)


def add_up(book: Book, by: By) -> Costs:
    """Everything in a book, added up in one way."""
    adding = _Adding(book, by)
    adding.charges()
    adding.episodes()
    adding.estimates()
    rows, total = adding.finished()
    asked = {name: getattr(book.asked, name) for name in ("since", "until", "account", "show")}
    return Costs(by=by, rows=rows, total=total, **asked)


def by_episode(book: Book) -> list[EpisodeEstimate]:
    """The published episodes that were estimated, in the order in which they were submitted."""
    cost: dict[str, int] = defaultdict(int)
    for charged in book.estimated:
        cost[charged.episode_id] += int(charged.amount)
    return [
        EpisodeEstimate(
            title=episode.title,
            estimated_microusd=sum(item["likely_microusd"] for item in book.estimates[episode.id]),
            cost_microusd=cost[episode.id],
        )
        for episode in book.episodes
        if episode.id in book.estimates
    ]


class _Adding:
    """The rows while they grow; what has no place in one of them counts in the total alone."""

    def __init__(self, book: Book, by: By) -> None:
        self._book = book
        self._by = by
        self._rows: dict[str, _Sum] = {}
        self._total = _Sum(CostRow(name="total", title="Total"))
        self._is_share = by in SHARES
        self._names: dict[str, str | None] = {
            episode.id: None if self._is_share else _name_of_episode(by, episode) for episode in book.episodes
        }

    def charges(self) -> None:
        for charged in self._book.charges:
            for each in self._both(_name(self._by, charged)):
                _add_charge(each, charged)
        for held in self._book.reservations:
            for each in self._both(None if self._is_share else _name(self._by, held)):
                each.row.held_microusd += held.amount_microusd

    def episodes(self) -> None:
        for episode in self._book.episodes:
            for each in self._both(self._names[episode.id]):
                _add_episode(each, episode)
        for run in self._book.busy:
            for each in self._both(run.step if self._by == "step" else self._names[run.episode_id]):
                each.row.busy_s += run.busy_s

    def estimates(self) -> None:
        for episode_id, items in self._book.estimates.items():
            for item in items:
                for each in self._both(item[self._by] if self._is_share else self._names[episode_id]):
                    each.row.estimated_microusd = (each.row.estimated_microusd or 0) + item["likely_microusd"]
        for charged in self._book.estimated:
            name = _name(self._by, charged) if self._is_share else self._names[charged.episode_id]
            for each in self._both(name):
                each.row.estimated_cost_microusd += int(charged.amount)

    def finished(self) -> tuple[list[CostRow], CostRow]:
        audio_s = self._total.row.audio_s
        _finish(self._total, audio_s)
        for each in self._rows.values():
            _finish(each, audio_s if self._is_share else each.row.audio_s)
            if self._is_share:
                each.row.episodes = len(each.payers)
        return sorted((each.row for each in self._rows.values()), key=partial(_order, self._by)), self._total.row

    def _both(self, name: str | None) -> tuple[_Sum, ...]:
        """The row of a name, and the total."""
        if name is None:
            return (self._total,)
        if name not in self._rows:
            title = self._book.titles.get(f"{self._by}:{name}") or (name.replace("_", " ") if name else "none")
            self._rows[name] = _Sum(CostRow(name=name, title=title))
        return self._rows[name], self._total


def _name(by: By, row: Any) -> str:
    """In which row a charge or a reservation counts."""
    match by:
        case "batch":
            return row.batch_id or ""
        case "episode":
            return str(row.episode_id)
        case "month":
            return str(row.day[:7])
        case _:
            return str(getattr(row, by))


def _name_of_episode(by: By, episode: Any) -> str:
    match by:
        case "day":
            return ended_on(episode)
        case "month":
            return ended_on(episode)[:7]
        case "episode":
            return str(episode.id)
        case "batch":
            return episode.batch_id or ""
        case _:
            return str(getattr(episode, by))


def _add_charge(to: _Sum, charged: Charged) -> None:
    amount = int(charged.amount)
    if charged.state == ChargeState.INTENT:
        to.row.under_way_microusd += amount
        return
    if charged.state == ChargeState.SETTLED:
        to.row.settled_microusd += amount
    else:
        to.row.in_doubt_microusd += amount
    to.row.requests += charged.requests
    to.row.provider_microusd += int(charged.cost)
    to.quantities[f"{charged.provider} {charged.unit}"] += charged.quantity
    if amount:
        to.payers.add(charged.episode_id)


def _add_episode(to: _Sum, episode: Any) -> None:
    to.row.episodes += 1
    to.row.failed += episode.state in FAILED
    if episode.state != EpisodeState.PUBLISHED:
        return
    to.row.published += 1
    to.row.audio_s += episode.duration_s or 0.0
    if episode.published_at is not None:
        to.elapsed.append(episode.published_at - episode.created_at)


def _finish(each: _Sum, audio_s: float) -> None:
    row = each.row
    row.spent_microusd = row.settled_microusd + row.in_doubt_microusd
    row.quantities = dict(sorted(each.quantities.items()))
    finished = row.published + row.failed
    row.success_rate = row.published / finished if finished else None
    row.elapsed_s = statistics.median(each.elapsed) if each.elapsed else None
    row.per_minute_microusd = row.spent_microusd / (audio_s / MINUTE_S) if audio_s else None


def _order(by: By, row: CostRow) -> tuple[Any, ...]:
    if by in PERIODS:
        return (row.name,)
    if by == "step":
        return (next((place for place, step in enumerate(STEPS) if step == row.name), len(STEPS)), row.name)
    return (-row.spent_microusd, row.name)
