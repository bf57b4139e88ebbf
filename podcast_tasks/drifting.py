"""Drift is told when it is found: which score of which show moves for the worse, once."""

import logging

from sqlalchemy import Connection, Engine, select

from models.gates import GATES
from models.heard import ScoreRow
from models.tables import Episode, Event, table
from podmill.report.scores import DriftFigures, show_scores
from podmill.report.status import DRIFT
from podmill.report.trends import drift_said
from podmill.store.clock import now
from podmill.store.database import reading, transaction

log = logging.getLogger(__name__)
EPISODE, EVENT, SCORE = table(Episode), table(Event), table(ScoreRow)

FRESH_S = 2 * 3600.0
"""Only shows of which something was measured in this time are looked at: twice as long as it is until the next look."""


def tell(engine: Engine) -> None:
    """Log each new drift for the worse, and keep it as an event of the episode after which it was found."""
    measured = (
        select(EPISODE.c.show)
        .distinct()
        .join(SCORE, SCORE.c.episode_id == EPISODE.c.id)
        .where(SCORE.c.name.in_(GATES), SCORE.c.at > now() - FRESH_S)
    )
    with reading(engine) as connection:
        found = [(show, drift) for show in connection.scalars(measured).all() for drift in _news(connection, show)]
    if not found:
        return
    with transaction(engine) as connection:
        for show, drift in found:
            log.warning("show %s: %s Run: podmill report", show, drift_said(drift))
            connection.execute(EVENT.insert().values(at=now(), kind=DRIFT, episode_id=drift.found, data=dict(drift)))


def _news(connection: Connection, show: str) -> list[DriftFigures]:
    """Those that began after the last one that was told of the same score: a chart of later episodes begins elsewhere,
    and may find what is known already one episode later."""
    scores, history = show_scores(connection, show)
    order = {(name, point.episode): place for name, points in history.items() for place, point in enumerate(points)}
    told: dict[str, int] = {}
    rows = connection.execute(
        select(EVENT.c.episode_id, EVENT.c.data).where(
            EVENT.c.kind == DRIFT, EVENT.c.episode_id.in_({episode for _, episode in order})
        )
    )
    for episode, data in rows:
        told[data["score"]] = max(told.get(data["score"], -1), order.get((data["score"], episode), -1))
    return [
        drift for drift in scores.drifts if drift.worse and order[drift.score, drift.since] > told.get(drift.score, -1)
    ]
