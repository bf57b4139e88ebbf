"""The scores of a batch and of its show: how they lie, and whether they drift."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import Connection, Select, select

from models.gates import AT_MOST, GATES
from models.heard import ScoreRow, VoicePrint
from models.tables import Episode, table
from podmill.report.drift import drifts

EPISODE, PRINT, SCORE = table(Episode), table(VoicePrint), table(ScoreRow)

HISTORY_MAX = 500
"""Episodes of a show, the latest, that its history is told from."""


class ScoreFigures(BaseModel):
    """How one score lies over the episodes that have it. None where nothing was measured."""

    measured: int
    unmeasured: int
    """Episodes for which it could not be measured."""
    failed: int
    """Episodes that did not reach its limit."""
    limit: float | None
    """The last that one of them was held against."""
    at_most: bool
    """The limit is a ceiling, not a floor."""
    lowest: float | None
    lower_quartile: float | None
    median: float | None
    mean: float | None
    upper_quartile: float | None
    highest: float | None


class DriftFigures(BaseModel):
    """A change in a score over the episodes of a show, found by a control chart (``podmill.report.drift``)."""

    score: str
    direction: Literal["up", "down"]
    since: str
    """Id of the episode with which it is likely to have begun."""
    since_title: str
    found: str
    """Id of the episode after which it was told."""
    worse: bool
    """It moves towards its limit; a change for the better is told too."""


class ScorePoint(BaseModel):
    """A score of one episode."""

    episode: str
    title: str
    value: float
    passed: bool | None


class VoiceFigures(BaseModel):
    """How much a voice is itself over the episodes of a batch."""

    episodes: int
    likeness: float
    """Cosine of the voice in one episode and in another, on average over all pairs."""
    least: float
    """The same of the episode that strays furthest from the others."""
    least_title: str
    """Of that episode."""
    limit: float | None = None
    """Of the gate ``voice_reference``, which measures the same; None: nothing was held against it."""
    passed: bool | None = None
    """Whether ``least`` reaches it."""


class ShowScores(BaseModel):
    """The scores of the latest episodes of a show."""

    show: str
    figures: dict[str, ScoreFigures]
    drifts: list[DriftFigures]


Measured = tuple[float | None, float | None, bool | None]
"""Value, limit, whether it passed."""
History = dict[str, list[ScorePoint]]
"""By score, in the order in which they were measured."""


def batch_scores(connection: Connection, batch_id: str) -> tuple[dict[str, ScoreFigures], dict[str, dict[str, float]]]:
    """The figures of each score of a batch, and the values by episode and score."""
    rows = connection.execute(_measured().where(EPISODE.c.batch_id == batch_id).order_by(SCORE.c.at)).all()
    values: dict[str, dict[str, float]] = defaultdict(dict)
    # By place: a batch may have a hundred thousand of them.
    for episode_id, name, value, _, _ in rows:
        if value is not None:
            values[episode_id][name] = value
    return _figures(rows), values


def show_scores(connection: Connection, show: str) -> tuple[ShowScores, History]:
    """The figures and the drifts of a show's latest episodes, and the values they were told from."""
    latest = (
        select(EPISODE.c.id)
        .where(EPISODE.c.show == show, select(SCORE.c.name).where(SCORE.c.episode_id == EPISODE.c.id).exists())
        .order_by(EPISODE.c.created_at.desc(), EPISODE.c.position.desc())
        .limit(HISTORY_MAX)
    )
    rows = connection.execute(
        _measured(EPISODE.c.title).where(EPISODE.c.id.in_(latest)).order_by(SCORE.c.at, SCORE.c.episode_id)
    ).all()
    history: History = {name: [] for name in _ordered(row.name for row in rows if row.value is not None)}
    for row in rows:
        if row.value is not None:
            history[row.name].append(
                ScorePoint(episode=row.episode_id, title=row.title, value=row.value, passed=row.passed)
            )
    found = [drift for name, points in history.items() for drift in _drifts(name, points)]
    return ShowScores(show=show, figures=_figures(rows), drifts=found), history


def batch_voices(connection: Connection, batch_id: str, limit: float | None) -> dict[str, VoiceFigures]:
    """Each voice that is heard in more than one episode of a batch.

    Args:
        limit: what it is held against.
    """
    of_batch = select(PRINT.c.voice).join(EPISODE, EPISODE.c.id == PRINT.c.episode_id)
    if connection.scalar(of_batch.where(EPISODE.c.batch_id == batch_id).limit(1)) is None:
        return {}
    import numpy as np  # a tenth of a second, which no other figure costs

    from podmill.store.voices import heard

    def directions() -> Iterator[tuple[tuple[str, str], str, np.ndarray]]:
        for voice, model, title, embedding in heard(connection, batch_id):
            yield (voice, model), title, np.asarray(embedding) / np.linalg.norm(embedding)

    sums: dict[tuple[str, str], np.ndarray] = {}
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for key, _, direction in directions():
        sums[key] = sums.get(key, 0.0) + direction
        counts[key] += 1
    # A batch may have ten thousand: they are read again rather than kept.
    least: dict[tuple[str, str], tuple[float, str]] = {}
    for key, title, direction in directions():
        if counts[key] > 1:
            found = float(direction @ sums[key] - 1) / (counts[key] - 1), title
            least[key] = min(least.get(key, found), found, key=itemgetter(0))
    # The square of a sum of unit vectors is their number, and twice the cosine of every pair.
    return {
        key[0]: VoiceFigures(
            episodes=counts[key],
            likeness=float((sums[key] @ sums[key] - counts[key]) / (counts[key] * (counts[key] - 1))),
            least=least[key][0],
            least_title=least[key][1],
            limit=limit,
            passed=None if limit is None else least[key][0] >= limit,
        )
        for key in sorted(least)
    }


def _measured(*more: Any) -> Select[Any]:
    return select(SCORE.c.episode_id, SCORE.c.name, SCORE.c.value, SCORE.c.limit, SCORE.c.passed, *more).join(
        EPISODE, EPISODE.c.id == SCORE.c.episode_id
    )


def _figures(rows: Iterable[Sequence[Any]]) -> dict[str, ScoreFigures]:
    by_name: dict[str, list[Measured]] = defaultdict(list)
    for row in rows:
        by_name[row[1]].append((row[2], row[3], row[4]))
    return {name: _of(name, by_name[name]) for name in _ordered(by_name)}


def _of(name: str, rows: Sequence[Measured]) -> ScoreFigures:
    values = sorted(value for value, _, _ in rows if value is not None)
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    lower, median, upper = quartiles or (None, None, None)
    return ScoreFigures(
        measured=len(values),
        unmeasured=sum(value is None and limit is not None and passed is None for value, limit, passed in rows),
        failed=sum(passed is False for _, _, passed in rows),
        limit=next((limit for _, limit, _ in reversed(rows) if limit is not None), None),
        at_most=name in AT_MOST,
        lowest=values[0] if values else None,
        lower_quartile=lower,
        median=median,
        mean=statistics.fmean(values) if values else None,
        upper_quartile=upper,
        highest=values[-1] if values else None,
    )


def _drifts(name: str, points: Sequence[ScorePoint]) -> list[DriftFigures]:
    return [
        DriftFigures(
            score=name,
            direction=drift.direction,
            since=points[drift.since].episode,
            since_title=points[drift.since].title,
            found=points[drift.found].episode,
            worse=(drift.direction == "up") == (name in AT_MOST),
        )
        for drift in drifts([point.value for point in points])
    ]


def _ordered(names: Iterable[str]) -> list[str]:
    """In the order of the gates; others after them."""
    order = {name: place for place, name in enumerate(GATES)}
    return sorted(set(names), key=lambda name: (order.get(name, len(order)), name))
