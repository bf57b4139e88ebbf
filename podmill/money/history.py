"""What episodes really cost, beside what was expected of them by the price list alone.

Not amounts are carried from an episode to the next but how far they were off: so prices may change, and a model that
thinks more than is usual, or a show whose sources carry less than is asked for, still tells what the next will cost.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from models.quote import Quote
from models.steps import ChargeState, EpisodeState, Step
from models.tables import Charge, Episode, StepDocument, table
from podmill.text.tongue import primary

CHARGE, DOCUMENT, EPISODE = table(Charge), table(StepDocument), table(Episode)

EPISODES_MAX: Final = 400
"""Latest ones that are looked at."""
EPISODES_MIN: Final = 3
"""Fewer say nothing."""
LOW, HIGH = 0.1, 0.9
"""Shares of the episodes that cost less than the low, and than the high figure."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One step of one episode."""

    step: str
    provider: str
    show: str
    language: str
    expected_microusd: int
    """By the price list."""
    charged_microusd: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """Charged for each micro-dollar that was expected."""

    low: float
    median: float
    high: float
    basis: str


class History:
    """Samples, newest first."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._ratios: dict[tuple[str, str], list[tuple[Sample, float]]] = defaultdict(list)
        for each in samples:
            if each.expected_microusd > 0 and each.charged_microusd > 0:
                share = each.charged_microusd / each.expected_microusd
                self._ratios[each.step, each.provider.partition(":")[0]].append((each, share))

    def ratio(self, step: str, provider: str, *, show: str, language: str) -> Ratio | None:
        """By episodes of the show in the language, else by all in it, else by all; None where there are too few."""
        known = self._ratios.get((step, provider.partition(":")[0]), [])
        spoken = [(each, share) for each, share in known if primary(each.language) == primary(language)]
        of_show = [(each, share) for each, share in spoken if each.show == show]
        for found, whose in ((of_show, f" of {show}"), (spoken, f" in {primary(language)}"), (known, "")):
            if len(found) >= EPISODES_MIN:
                shares = sorted(share for _, share in found)
                figures = (percentile(shares, LOW), percentile(shares, 0.5), percentile(shares, HIGH))
                return Ratio(*figures, basis=f"{len(shares)} episodes{whose}")
        return None


NO_HISTORY: Final = History()


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of ascending values lies, between its two neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def load(connection: Connection, *, before: float | None = None) -> History:
    """What the latest published episodes cost that were made as they were asked for.

    Args:
        before: seconds since 1970: only episodes that were published by then.
    """
    latest = (
        select(EPISODE.c.id, EPISODE.c.show, EPISODE.c.brief, DOCUMENT.c.body)
        .join(DOCUMENT, (DOCUMENT.c.episode_id == EPISODE.c.id) & (DOCUMENT.c.step == Step.COST_CHECK))
        .where(EPISODE.c.state == EpisodeState.PUBLISHED, EPISODE.c.spoken_why.is_(None))
        .where(EPISODE.c.degraded.is_(None))
        .order_by(EPISODE.c.published_at.desc(), EPISODE.c.id)
        .limit(EPISODES_MAX)
    )
    if before is not None:
        latest = latest.where(EPISODE.c.published_at <= before)
    rows = connection.execute(latest).all()
    charged = _charged(connection, [row.id for row in rows])
    samples = []
    for row in rows:
        quote = Quote.model_validate_json(row.body)
        expected: dict[tuple[str, str], int] = defaultdict(int)
        for item in quote.estimate.items if quote.estimate else ():
            expected[item.step, item.provider.partition(":")[0]] += item.list_microusd
        language = str(row.brief.get("language", ""))
        samples += [
            Sample(step, provider, row.show, language, amount, charged.get((row.id, step, provider), 0))
            for (step, provider), amount in expected.items()
        ]
    return History(samples)


def _charged(connection: Connection, episodes: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """What the account paid, by episode, step and provider."""
    rows = connection.execute(
        select(CHARGE.c.episode_id, CHARGE.c.step, CHARGE.c.provider, func.sum(CHARGE.c.amount_microusd))
        .where(CHARGE.c.episode_id.in_(episodes), CHARGE.c.state == ChargeState.SETTLED)
        .group_by(CHARGE.c.episode_id, CHARGE.c.step, CHARGE.c.provider)
    )
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for episode_id, step, provider, amount in rows:
        found[episode_id, step, provider.partition(":")[0]] += int(amount)
    return found
