"""The status of a batch, in the shape that scripts rely on: fields may be added, none may change."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import BaseModel
from sqlalchemy import Connection, func, select

from models.brief import TEXT
from models.publication import Publication
from models.steps import OPEN_STATES, ChargeState, EpisodeState, Step
from models.tables import Batch, Charge, Episode, Event, Part, PublicationRow, TakeRow, table
from podmill import recovery
from podmill.errors import BudgetExceededError, InputError
from podmill.money import purses
from podmill.report.scores import DriftFigures, ScoreFigures, batch_scores

BATCH, EPISODE = table(Batch), table(Episode)
CHARGE, PUBLICATION = table(Charge), table(PublicationRow)
EVENT, PART, TAKE = table(Event), table(Part), table(TakeRow)

OWED: Final = (ChargeState.SETTLED, ChargeState.IN_DOUBT)
"""A charge in doubt counts as spent until it is known not to be."""

DRIFT: Final = "drift"
"""Kind of the event that tells one."""

STANDING: Final = (EpisodeState.FAILED, EpisodeState.REVIEW, EpisodeState.PARKED, EpisodeState.CANCELLED)
"""States of an episode that does not go on, or not now."""

BatchState = Literal["running", "published", "partial"]


class PublicationStatus(BaseModel):
    target: str
    url: str


class EpisodeStatus(BaseModel):
    """One episode. Paths are of this machine; None until it is published to a folder here."""

    id: str
    title: str
    state: str
    step: str
    """The step it is in, or failed in."""
    error: str | None
    error_code: str | None = None
    """Of what stopped it, or of what it waits for: a row of the table in docs/operations.md."""
    options: list[str] = []
    """What a person can do, the best first; empty unless it stopped or is parked."""
    audio_path: str | None
    transcript_path: str | None
    duration_s: float | None
    word_accuracy: float | None
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    cost_usd: float
    """Settled and in doubt, exact to the micro-dollar."""
    requests: int
    """Speech requests really made."""
    engine: str | None = None
    """Whose voices speak it, as far as it has been spoken: another than its cast's when that one failed."""
    spoken_by: str | None = None
    """Engines that are heard in what was recorded, or ``text``."""
    spoken_why: str | None = None
    """Why the voices it was cast with are not, or not alone: what each of them said."""
    degraded: str | None = None
    """What of it was given up so that a budget covers it, and which one did not."""
    paused: bool = False
    """It is parked because a budget does not cover it: ``activity`` says which, and until when."""
    scores: dict[str, float] = {}
    """What was measured of it, by gate; ``models.gates`` tells the units."""
    text_only: bool = False
    """No voice could speak it: it has a page with notes and transcript, and no audio."""
    publications: list[PublicationStatus]
    activity: str
    """What the running step is doing, for a person."""
    progress: float
    """0 to 1 within the running step."""


class BatchStatus(BaseModel):
    """A batch and its episodes.

    ``state`` is ``running`` while a worker may still take a step of one of its episodes, ``published`` when all are
    published, else ``partial``: nothing more will happen before a person acts (failed, in review, cancelled, or no
    episode at all).
    """

    batch: str
    name: str
    show: str
    state: BatchState
    feed_path: str | None
    episodes: list[EpisodeStatus]
    refused: list[dict[str, Any]]
    """Rows of the file that could not be taken: file, line, field, message."""
    budget_warnings: list[str] = []
    """Budgets that its episodes are under and that are used up, or nearly."""
    scores: dict[str, ScoreFigures] = {}
    """How each score lies over the episodes."""
    drifts: list[DriftFigures] = []
    """Scores of its show that were found to move for the worse after one of its episodes."""


class EpisodeProgress(BaseModel):
    """Where an episode is."""

    id: str
    title: str
    state: EpisodeState
    step: Step
    progress: float
    activity: str
    error: str | None
    error_code: str | None = None

    @property
    def paused(self) -> bool:
        return _is_paused(self.state, self.error_code)


class BatchOverview(BaseModel):
    """A batch in one line."""

    batch: str
    name: str
    show: str
    state: BatchState
    created_at: float
    """Seconds since 1970."""
    episodes: dict[str, int]
    """How many are in each state."""
    refused: int


_SHOWN: Final = tuple(EPISODE.c[name] for name in EpisodeStatus.model_fields if name in EPISODE.c)


def usd(microusd: int) -> float:
    """Dollars from micro-dollars: the float whose shortest text is the exact amount."""
    return float(Decimal(microusd) / 1_000_000)


def batch_state(states: dict[str, int]) -> BatchState:
    """The state of a batch from how many of its episodes are in each state."""
    if any(states.get(state) for state in OPEN_STATES):
        return "running"
    published = states.get(EpisodeState.PUBLISHED, 0)
    return "published" if published and published == sum(states.values()) else "partial"


def _is_paused(state: str, code: str | None) -> bool:
    return state == EpisodeState.PARKED and code == BudgetExceededError.code


def find_batch(connection: Connection, asked: str) -> str:
    """The id of the one batch whose id begins so.

    Raises:
        InputError: there is none, or more than one.
    """
    ids = connection.scalars(select(BATCH.c.id).where(BATCH.c.id.startswith(asked, autoescape=True)).limit(2)).all()
    if len(ids) == 1:
        return str(ids[0])
    problem = f"More than one batch has an id that begins with {asked!r}." if ids else f"There is no batch {asked!r}."
    raise InputError(problem, action="Run: podmill status")


def batch_status(connection: Connection, batch_id: str) -> BatchStatus:
    """The status of a batch, in as many queries however many episodes it has.

    Raises:
        InputError: there is no such batch.
    """
    batch = connection.execute(select(BATCH).where(BATCH.c.id == batch_id)).mappings().first()
    if batch is None:
        raise InputError(f"There is no batch {batch_id!r}.", action="Run: podmill status")
    costs = episode_costs(connection, batch_id)
    publications = _publications(connection, batch_id)
    engines = _engines(connection, batch_id)
    figures, scores = batch_scores(connection, batch_id)
    rows = connection.execute(select(*_SHOWN).where(EPISODE.c.batch_id == batch_id).order_by(EPISODE.c.position))
    episodes: list[EpisodeStatus] = []
    feed_path = None
    states: dict[str, int] = defaultdict(int)
    for row in rows.mappings().all():
        copies = publications.get(row["id"], [])
        here = next((copy for copy in copies if copy.path or copy.transcript_path), None)
        feed_path = feed_path or next((copy.feed_path for copy in copies if copy.feed_path), None)
        states[row["state"]] += 1
        stands = row["state"] in STANDING
        episodes.append(
            EpisodeStatus(
                **{**row, "error_code": row["error_code"] if stands else None},
                paused=_is_paused(row["state"], row["error_code"]),
                options=list(recovery.options(row["error_code"], row["id"])) if stands else [],
                audio_path=here.path if here else None,
                transcript_path=here.transcript_path if here else None,
                cost_usd=usd(costs.get(row["id"], 0)),
                engine=None if row["spoken_by"] == TEXT else engines.get(row["id"]),
                text_only=row["spoken_by"] == TEXT,
                scores=scores.get(row["id"], {}),
                publications=[PublicationStatus(target=copy.target, url=copy.url) for copy in copies],
            )
        )
    return BatchStatus(
        batch=batch["id"],
        name=batch["name"],
        show=batch["show"],
        state=batch_state(states),
        feed_path=feed_path,
        episodes=episodes,
        refused=batch["refused"],
        budget_warnings=_budget_warnings(connection, batch_id),
        scores=figures,
        drifts=_drifts(connection, batch_id),
    )


def _drifts(connection: Connection, batch_id: str) -> list[DriftFigures]:
    told = (
        select(EVENT.c.data)
        .join(EPISODE, EPISODE.c.id == EVENT.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id, EVENT.c.kind == DRIFT)
    )
    return [DriftFigures.model_validate(data) for data in connection.scalars(told.order_by(EVENT.c.id))]


def _budget_warnings(connection: Connection, batch_id: str) -> list[str]:
    payers = connection.execute(
        select(EPISODE.c.account, EPISODE.c.show, EPISODE.c.id).where(EPISODE.c.batch_id == batch_id)
    ).all()
    owners = {f"batch:{batch_id}"}
    for row in payers:
        owners |= {f"account:{row.account}", f"show:{row.show}", f"episode:{row.id}"}
    return [each.said for each in purses.now_standing(connection) if each.owner in owners and each.warning]


def _engines(connection: Connection, batch_id: str) -> dict[str, str]:
    """By episode, the engine of the first take of its last round."""
    rows = connection.execute(
        select(PART.c.episode_id, TAKE.c.engine)
        .join(TAKE, TAKE.c.key == PART.c.take_key)
        .join(EPISODE, EPISODE.c.id == PART.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id, PART.c.index == 0)
        .order_by(PART.c.round)
    )
    return {row.episode_id: row.engine for row in rows}


def batch_progress(connection: Connection, batch_id: str) -> list[EpisodeProgress]:
    """Where each episode of a batch is; light enough to be asked twice a second."""
    rows = connection.execute(
        select(*(EPISODE.c[name] for name in EpisodeProgress.model_fields))
        .where(EPISODE.c.batch_id == batch_id)
        .order_by(EPISODE.c.position)
    )
    return [EpisodeProgress.model_validate(dict(row)) for row in rows.mappings()]


def recent_batches(connection: Connection, *, limit: int = 20) -> list[BatchOverview]:
    """The newest batches, newest first."""
    batches = connection.execute(select(BATCH).order_by(BATCH.c.created_at.desc(), BATCH.c.id).limit(limit)).mappings()
    found = list(batches)
    counted = connection.execute(
        select(EPISODE.c.batch_id, EPISODE.c.state, func.count())
        .where(EPISODE.c.batch_id.in_([batch["id"] for batch in found]))
        .group_by(EPISODE.c.batch_id, EPISODE.c.state)
    )
    states: dict[str, dict[str, int]] = defaultdict(dict)
    for batch_id, state, count in counted:
        states[batch_id][state] = count
    return [
        BatchOverview(
            batch=batch["id"],
            name=batch["name"],
            show=batch["show"],
            state=batch_state(states[batch["id"]]),
            created_at=batch["created_at"],
            episodes=states[batch["id"]],
            refused=len(batch["refused"]),
        )
        for batch in found
    ]


def episode_costs(connection: Connection, batch_id: str) -> dict[str, int]:
    """Micro-dollars owed for each episode of a batch that cost anything."""
    rows = connection.execute(
        select(CHARGE.c.episode_id, func.sum(CHARGE.c.amount_microusd))
        .join(EPISODE, EPISODE.c.id == CHARGE.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id, CHARGE.c.state.in_(OWED))
        .group_by(CHARGE.c.episode_id)
    )
    return {episode_id: int(amount) for episode_id, amount in rows}


def _publications(connection: Connection, batch_id: str) -> dict[str, list[Publication]]:
    rows = connection.execute(
        select(PUBLICATION.c.episode_id, PUBLICATION.c.body)
        .join(EPISODE, EPISODE.c.id == PUBLICATION.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id)
        .order_by(PUBLICATION.c.id)
    )
    found: dict[str, list[Publication]] = defaultdict(list)
    for episode_id, body in rows.all():
        found[episode_id].append(Publication.model_validate_json(body))
    return found
