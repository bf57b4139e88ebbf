"""Pre-flight: all that is in the way of a submission, and what it will cost, before anything is made or spent."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from models.brief import Brief
from models.estimate import Estimate
from models.steps import OPEN_STATES, Step
from models.tables import Episode, Reservation, table
from pipelines import asking, batch
from pipelines.asking import Wanted
from podmill.briefs.records import EpisodeRequest, RefusedRow, Submission
from podmill.errors import BudgetExceededError, InputError, PodmillError
from podmill.forecasting import Forecaster, fitting, lesser, open_forecaster
from podmill.forecasting.fitting import Place as Day
from podmill.forecasting.made import left_of, so_far
from podmill.money import accounts, purses, tiers
from podmill.money.amounts import usd
from podmill.money.purses import Standing
from podmill.preflight import Credits, Finding, Noting, Place, Providers, Speakers, gathered
from podmill.preflight.findings import finding
from podmill.settings import Settings
from podmill.store.database import open_engine, reading
from podmill.store.local import LocalStore

EPISODE, RESERVATION = table(Episode), table(Reservation)

UNQUOTED_MAX = 1000
"""Episodes under way whose cost is not known yet that are estimated, the oldest; what further ones will cost is not
taken off what budgets have left."""


_Estimated = tuple[Wanted, Speakers, Estimate]
_Waiting = tuple[str, str, Estimate]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of one episode."""

    place: Place
    estimate: Estimate
    day: Day
    """When budgets carry it, and what is in the way."""

    def fits(self, today: dt.date) -> str:
        """``now``, ``later`` or ``never``."""
        return "never" if self.day.day is None else "now" if self.day.day == today else "later"


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found of the episodes that are not made yet."""

    submission: Submission
    """As it may be made: without episodes that were left out because only what fits is wanted."""
    findings: tuple[Finding, ...]
    """Those that stop come first."""
    forecasts: tuple[Forecast, ...]
    """Of every new episode that can be estimated, in their order."""
    standings: tuple[Standing, ...]
    today: dt.date
    new: int
    """Episodes that are not made yet."""
    left_out: int = 0

    @property
    def refused(self) -> bool:
        """Whether nothing may be made."""
        return any(each.stops for each in self.findings) and (self.left_out == 0 or not self.submission.episodes)


def check(
    submission: Submission, settings: Settings, *, account: str | None = None, only_fitting: bool = False
) -> Preflight:
    """Look for all that is in the way. Providers are asked what costs nothing; nothing is spent or made but files in
    the store, and the account of the settings where there is none yet.

    Episodes that are there already are not looked at: the same files again are the same batch.

    Args:
        only_fitting: leave out the episodes that cannot be made, if that is enough for the others to be.

    Raises:
        ConfigurationError: prices or tiers are no such lists.
        InputError: a show is unknown, or a file cannot be read.
    """
    engine = open_engine(settings)
    with reading(engine) as connection:
        there = so_far(connection, [request.key for request in submission.episodes])
        today = dt.date.fromisoformat(purses.today(connection))
    new = {request.key for request in submission.episodes if request.key not in there}
    if not new:
        return Preflight(submission, (), (), (), today, 0)
    findings: list[Finding] = []
    try:
        payer = asking.payer(engine, settings, account)
    except InputError as exc:
        # Whatever else is wrong is found out as for the account of the settings.
        findings.append(finding(exc))
        payer = asking.payer(engine, settings)
    briefs = batch.briefs_of(submission, settings)
    wanted = [
        Wanted(request.key, brief, request.file, request.line)
        for request, brief in zip(submission.episodes, briefs, strict=True)
        if request.key in new
    ]
    flight = _Flight(engine, settings, payer, wanted, today, only_fitting=only_fitting)
    findings += flight.findings()
    kept, left_out = submission, 0
    if only_fitting and (out := stopped(findings)):
        kept, left_out = _without(submission, out, gathered(findings)), len(out)
    findings += flight.limits(len(new) - left_out)
    if any(each.stops and not each.episodes for each in findings):
        kept, left_out = submission, 0
    return Preflight(
        kept, gathered(findings), tuple(flight.forecasts), tuple(flight.standings), today, len(new), left_out
    )


def stopped(findings: Sequence[Finding]) -> set[str]:
    """Keys of the episodes that cannot be made."""
    return {place.key for each in findings if each.stops for place in each.episodes}


class _Flight:
    """One pre-flight of new episodes."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        payer: str,
        wanted: Sequence[Wanted],
        today: dt.date,
        *,
        only_fitting: bool,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._payer = payer
        self._wanted = wanted
        self._today = today
        self._only_fitting = only_fitting
        forecaster = open_forecaster(engine, settings, payer, LocalStore(settings.store_dir))
        self._prices = Noting(forecaster.prices)
        self._forecaster: Forecaster = forecaster.priced_by(self._prices)
        self._providers = Providers(settings)
        self.forecasts: list[Forecast] = []
        self.standings: list[Standing] = []

    def findings(self) -> list[Finding]:
        """All but the limits of the account."""
        with reading(self._engine) as connection:
            tier = accounts.tier_of(connection, self._payer, tiers.load(self._settings))
            self.standings = fitting.standings(connection, self._payer, {each.brief.show for each in self._wanted})
            waiting = self._unquoted(connection)
        found: list[Finding] = []
        estimates: list[_Estimated] = []
        for each in self._wanted:
            place = _place(each)
            found += [
                finding(exc, place)
                for exc in accounts.refusals([asking.asked(each, self._settings)], self._payer, tier)
            ]
            speakers = self._providers.speakers(each.brief)
            problems = (*self._providers.problems(each.brief), *speakers.problems)
            found += [finding(problem.error, place, stops=problem.stops) for problem in problems]
            try:
                estimates.append((each, speakers, self._estimated(each.brief, speakers)))
            except PodmillError as exc:
                found.append(finding(exc, place))
            found += [finding(exc, place) for exc in self._prices.taken()]
        if self._only_fitting:
            # What is left out takes nothing from the others.
            estimates = [each for each in estimates if each[0].key not in stopped(found)]
        found += self._of_budgets(estimates, waiting)
        if self._only_fitting:
            estimates = [each for each in estimates if each[0].key not in stopped(found)]
        return [*found, *self._of_credit(estimates, waiting)]

    def limits(self, more: int) -> list[Finding]:
        """The numbers of the account's tier that so many new episodes would be above."""
        if more <= 0:
            return []
        with reading(self._engine) as connection:
            tier = accounts.tier_of(connection, self._payer, tiers.load(self._settings))
            over = accounts.check_limits(connection, self._payer, tier, more=more, lock=False)
        return [finding(error) for error in over]

    def _estimated(self, brief: Brief, speakers: Speakers) -> Estimate:
        """As it will be spoken, as far as that is known."""
        first = speakers.choices[0] if speakers.choices else None
        if first is None:
            return self._forecaster.estimate(brief)
        if not first.text_only:
            return self._forecaster.estimate(brief.model_copy(update={"cast": first.cast}))
        whole = self._forecaster.estimate(brief)
        spoken = (Step.SYNTHESIS, Step.VERIFICATION)
        return whole.model_copy(update={"items": tuple(item for item in whole.items if item.step not in spoken)})

    def _unquoted(self, connection: Connection) -> list[_Waiting]:
        """Show, account and what is still to be paid of episodes under way for which no money is held yet."""
        held = select(RESERVATION.c.episode_id)
        rows = connection.execute(
            select(EPISODE.c.key, EPISODE.c.account, EPISODE.c.show, EPISODE.c.brief)
            .where(EPISODE.c.state.in_(OPEN_STATES), EPISODE.c.id.not_in(held))
            .order_by(EPISODE.c.created_at, EPISODE.c.position)
            .limit(UNQUOTED_MAX)
        ).all()
        paid = so_far(connection, [row.key for row in rows])
        found = []
        for row in rows:
            try:
                whole = self._forecaster.estimate(Brief.model_validate(row.brief))
            except PodmillError:
                continue
            found.append((row.show, row.account, left_of(whole, paid[row.key])))
        self._prices.taken()
        return found

    def _of_credit(self, estimates: Sequence[_Estimated], waiting: Sequence[_Waiting]) -> Iterator[Finding]:
        """What providers have less credit for than episodes need, those under way first."""
        left = Credits(self._providers.settings, self._engine)
        concerned = {engine for _, speakers, _ in estimates for engine in _first(speakers)}
        for _, _, estimate in waiting:
            for engine, units in _units(estimate):
                if engine in concerned:
                    left.hold(engine, units)
        for each, speakers, estimate in estimates:
            for engine, units in _units(estimate):
                error = left.take(engine, units) if engine in _first(speakers) else None
                if error:
                    # Those who may speak instead do so when the credit is used up.
                    yield finding(error, _place(each), stops=len(speakers.choices) < 2)

    def _of_budgets(self, estimates: Sequence[_Estimated], waiting: Sequence[_Waiting]) -> Iterator[Finding]:
        """What budgets never carry, and what they carry later."""
        before = [(show, left.likely_microusd) for show, account, left in waiting if account == self._payer]
        after = [(each.brief.show, estimate.likely_microusd) for each, _, estimate in estimates]
        days = fitting.place([*before, *after], self.standings, self._today)[len(before) :]
        for (each, _, estimate), day in zip(estimates, days, strict=True):
            forecast = Forecast(_place(each), estimate, day)
            self.forecasts.append(forecast)
            if day.standing and day.day != self._today and (less := self._degraded(each.brief, day.standing)):
                yield finding(less, forecast.place, stops=False)
            elif day.standing and (fits := forecast.fits(self._today)) != "now":
                yield finding(_of_budget(day.standing, never=fits == "never"), forecast.place, stops=fits == "never")

    def _degraded(self, brief: Brief, standing: Standing) -> PodmillError | None:
        """That an episode is made for less, where a budget does not carry it and less of it may be made."""
        if not brief.degrade:
            return None
        try:
            least = self._forecaster.estimate(lesser(brief, self._settings)).likely_microusd
        except PodmillError:
            return None
        if least > (standing.left_microusd if standing.span == "total" else standing.limit_microusd):
            return None
        return BudgetExceededError(
            f"The budget of {standing.owner} {_SPANS[standing.span]} does not carry all of this: "
            f"{usd(standing.left_microusd)} of {usd(standing.limit_microusd)} USD are left.",
            action=f"It may give up {', '.join(brief.degrade)}, and would cost {usd(least)} USD at least.",
        )


def _of_budget(standing: Standing, *, never: bool) -> BudgetExceededError:
    which = f"The budget of {standing.owner} {_SPANS[standing.span]}"
    left = f"{usd(standing.left_microusd)} of {usd(standing.limit_microusd)} USD are left"
    raised = f"podmill budget set {standing.owner} --{standing.span} AMOUNT"
    if never:
        return BudgetExceededError(
            f"{which} does not carry this: {left}.",
            action=f"Raise it ({raised}), shorten the episode, or leave it out: --only-fitting",
        )
    return BudgetExceededError(
        f"{which} carries this later: {left} now.", action=f"It waits until then, or raise it: {raised}"
    )


_SPANS = {"day": "for a day", "month": "for a month", "total": "in total"}


def _place(wanted: Wanted) -> Place:
    return Place(key=wanted.key, title=wanted.brief.subject, file=wanted.file, line=wanted.line)


def _first(speakers: Speakers) -> tuple[str, ...]:
    """Engines of those who will speak first."""
    return speakers.choices[0].engines if speakers.choices else ()


def _units(estimate: Estimate) -> Iterator[tuple[str, float]]:
    """Providers of speech, and what they are likely to count."""
    for item in estimate.items:
        if item.step == Step.SYNTHESIS:
            yield item.provider.partition(":")[0], sum(item.quantities.values())


def _without(submission: Submission, keys: set[str], findings: Sequence[Finding]) -> Submission:
    """A submission without some episodes, which are told as rows that were refused. It is another than the whole: that
    can be handed in later, when more of it fits."""
    why = {place.key: each for each in reversed(findings) if each.stops for place in each.episodes}
    kept = tuple(request for request in submission.episodes if request.key not in keys)
    shows = {request.show for request in kept}
    digest = hashlib.sha256("\n".join((submission.fingerprint, *(request.key for request in kept))).encode())
    return submission.model_copy(
        update={
            "episodes": kept,
            "shows": tuple(show for show in submission.shows if show.slug in shows),
            "refused": (
                *submission.refused,
                *(_row(request, why[request.key]) for request in submission.episodes if request.key in keys),
            ),
            "fingerprint": digest.hexdigest(),
        }
    )


def _row(request: EpisodeRequest, why: Finding) -> RefusedRow:
    message = f"Left out: {why.message} {why.action}".strip()
    return RefusedRow(file=request.file, line=request.line, field=why.field, message=message)
