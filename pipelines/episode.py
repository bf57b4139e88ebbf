"""Making episodes, putting them back, stopping them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, Row, select, update

from models.brief import TEXT, Brief
from models.steps import OPEN_STATES, STEPS, EpisodeState, Step, StepState
from models.tables import Episode, Event, StepRun, table
from models.verdict import Verdict
from podcast_tasks import admission, entries
from podcast_tasks.queues import SYNTHESIS
from podmill.errors import InputError
from podmill.money import accounts, ledger, pauses, tiers
from podmill.review import queue
from podmill.review.hearing import document
from podmill.settings import Settings
from podmill.speech import engine as engines
from podmill.store.clock import now
from podmill.store.database import insert_into, open_engine, transaction

EPISODE, EVENT, STEP_RUN = table(Episode), table(Event), table(StepRun)

_QUEUED: Final = {"state": EpisodeState.QUEUED, "step": STEPS[0], "progress": 0.0, "activity": "", "requests": 0}
_DUE: Final = {
    "step": STEPS[0],
    "state": StepState.DUE,
    "round": 0,
    "attempt": 0,
    "failures": 0,
    "lost_leases": 0,
    "busy_s": 0.0,
    "cpu_s": None,
    "peak_mb": None,
}


@dataclass(frozen=True, slots=True)
class NewEpisode:
    """An episode to be made. Same key, same episode."""

    key: str
    brief: Brief
    title: str
    position: int = 0
    """Place in its batch, from 0."""
    synthesis_queue: str = SYNTHESIS[0]


def make(
    connection: Connection,
    *,
    key: str,
    brief: Brief,
    title: str,
    account: str,
    batch_id: str | None = None,
    interactive: bool = False,
    synthesis_queue: str = SYNTHESIS[0],
) -> tuple[str, bool]:
    """Write one episode down with its first step due, as ``make_many`` does.

    Returns:
        Its id, and whether it is new.
    """
    new = NewEpisode(key, brief, title, synthesis_queue=synthesis_queue)
    made = make_many(connection, [new], account=account, batch_id=batch_id, interactive=interactive)
    known = connection.scalar(select(EPISODE.c.id).where(EPISODE.c.key == key))
    return str(known), bool(made)


def make_many(
    connection: Connection,
    episodes: Sequence[NewEpisode],
    *,
    account: str,
    batch_id: str | None = None,
    interactive: bool = False,
) -> list[str]:
    """Write episodes down with their first steps due, in three statements however many they are. Nothing is sent.

    An episode whose key is known already is not made again; it moves to the batch it is now submitted in.

    Args:
        interactive: a person waits for them: they are let in at once.

    Returns:
        Ids of those that are new.
    """
    # In the order of their keys: two submissions that share episodes then wait for one another instead of for ever.
    rows = [_row(each) for each in sorted(episodes, key=lambda episode: episode.key)]
    if not rows:
        return []
    shared = {"account": account, "batch_id": batch_id, "interactive": interactive}
    statement = insert_into(connection, EPISODE).values(**_QUEUED, **shared, created_at=now(), updated_at=now())
    stated = statement.excluded
    moved = {"batch_id": stated.batch_id, "position": stated.position} if batch_id else {"key": stated.key}
    upsert = statement.on_conflict_do_update(index_elements=["key"], set_=moved).returning(EPISODE.c.id)
    known = set(connection.scalars(upsert, rows))
    new = [row for row in rows if row["id"] in known]
    if new:
        connection.execute(STEP_RUN.insert().values(**_DUE, due_at=now()), [{"episode_id": row["id"]} for row in new])
        events = [{"episode_id": row["id"], "data": {"title": row["title"]}} for row in new]
        connection.execute(EVENT.insert().values(kind="made", at=now()), events)
    return [row["id"] for row in new]


def synthesis_queue(brief: Brief, settings: Settings) -> str:
    """The queue of a brief's synthesis: the provider's only when every voice of its cast is one.

    Raises:
        ConfigurationError: there is no such engine.
    """
    names = {member.voice.partition(":")[0] for member in brief.cast if ":" in member.voice} or {settings.engine}
    queues = {engines.make(name, settings).capabilities.queue for name in names}
    return queues.pop() if len(queues) == 1 else SYNTHESIS[0]


def retry(episode_ids: list[str], settings: Settings) -> list[str]:
    """Put failed, reviewed and cancelled episodes back to the step they stopped at; they are let in by their turn.

    One that was published as text only goes back to its cost check: it is spoken, and published again.

    Returns:
        The ids that were put back.

    Raises:
        InputError: an id is unknown.
        RateLimitExceededError: an account may not have so many at a time; none is put back.
    """
    engine = open_engine(settings)
    closed = (EpisodeState.FAILED, EpisodeState.REVIEW, EpisodeState.CANCELLED)
    retried = []
    with transaction(engine) as connection:
        for row in _found(connection, episode_ids):
            text_only = row.state == EpisodeState.PUBLISHED and row.spoken_by == TEXT
            if row.state not in closed and not text_only:
                continue
            # What verification refused is spoken again in another round; everything else goes on where it stopped.
            refused = _is_refused(connection, row.id, Step(row.step))
            step = Step.COST_CHECK if text_only else Step.SYNTHESIS if refused else Step(row.step)
            put_back(connection, row.id, step, round_=_round(connection, row.id, step) + int(refused))
            queue.drop(connection, [row.id], "failed")
            _note(connection, row.id, "retried")
            retried.append(row.id)
        _check_limits(connection, retried, settings)
    admission.admit(engine, settings)
    return retried


def put_back(connection: Connection, episode_id: str, step: Step, *, round_: int) -> None:
    """An episode goes on at a step, with all its tries, once it is let in: ``admission.admit`` after the commit."""
    entries.make_due(connection, episode_id, step, round_)
    here = (STEP_RUN.c.episode_id == episode_id, STEP_RUN.c.step == step)
    connection.execute(update(STEP_RUN).where(*here).values(sent_at=None))
    entries.move(
        connection, episode_id, state=EpisodeState.QUEUED, step=step, error=None, error_code=None, progress=0.0
    )


def resume(settings: Settings, *, owner: str | None = None) -> list[str]:
    """Wake the episodes that are paused because a budget did not cover them: they try again, now.

    Args:
        owner: only those that a budget of this owner may have stopped: ``account:NAME``, ``show:SLUG``, ``batch:ID``,
            ``episode:ID``. None: all.

    Returns:
        The ids that were woken.
    """
    engine = open_engine(settings)
    kind, _, name = (owner or "").partition(":")
    whose = {"account": EPISODE.c.account, "show": EPISODE.c.show, "batch": EPISODE.c.batch_id, "episode": EPISODE.c.id}
    with transaction(engine) as connection:
        woken = pauses.wake(connection, *([whose[kind] == name] if owner else ()))
    admission.admit(engine, settings)
    return woken


def cancel(episode_ids: list[str], settings: Settings) -> list[str]:
    """Stop episodes that are not finished; a worker that runs one loses its lease and writes nothing more.

    Returns:
        The ids that were cancelled.

    Raises:
        InputError: an id is unknown.
    """
    engine = open_engine(settings)
    cancelled = []
    with transaction(engine) as connection:
        for row in _found(connection, episode_ids):
            if row.state not in (*OPEN_STATES, EpisodeState.REVIEW):
                continue
            connection.execute(
                update(STEP_RUN)
                .where(STEP_RUN.c.episode_id == row.id, STEP_RUN.c.state != StepState.DONE)
                .values(state=StepState.FAILED, lease_token=None, lease_expires_at=None, error="Cancelled.")
            )
            closed = {"state": EpisodeState.CANCELLED, "error": "Cancelled.", "error_code": "cancelled"}
            connection.execute(update(EPISODE).where(EPISODE.c.id == row.id).values(updated_at=now(), **closed))
            _note(connection, row.id, "cancelled")
            cancelled.append(row.id)
        queue.drop(connection, cancelled)
        # After every step run: a worker that pays locks its own first and the account second.
        for episode_id in cancelled:
            ledger.release(connection, episode_id)
    return cancelled


def _found(connection: Connection, episode_ids: list[str]) -> list[Row[str, EpisodeState, str, str | None]]:
    rows: list[Row[str, EpisodeState, str, str | None]] = []
    for asked in episode_ids:
        matches = connection.execute(
            select(EPISODE.c.id, EPISODE.c.state, EPISODE.c.step, EPISODE.c.spoken_by).where(
                EPISODE.c.id.startswith(asked, autoescape=True)
            )
        ).all()
        if len(matches) != 1:
            problem = "No episode has the id" if not matches else "More than one episode has an id that begins with"
            raise InputError(f"{problem} {asked!r}.", action="Run: podmill status")
        rows.extend(matches)
    return rows


def _is_refused(connection: Connection, episode_id: str, step: Step) -> bool:
    """Whether verification heard what was spoken last: where it was stopped before, that is still to be heard."""
    verdict = document(connection, episode_id, step, Verdict) if step is Step.VERIFICATION else None
    return verdict is not None and verdict.round == _round(connection, episode_id, step)


def _round(connection: Connection, episode_id: str, step: Step) -> int:
    here = (STEP_RUN.c.episode_id == episode_id, STEP_RUN.c.step == step)
    return connection.scalar(select(STEP_RUN.c.round).where(*here)) or 0


def _check_limits(connection: Connection, episode_ids: list[str], settings: Settings) -> None:
    """Refuse what was opened in this transaction and makes too many of its account, as a submission is refused."""
    payers = connection.scalars(select(EPISODE.c.account).where(EPISODE.c.id.in_(episode_ids)).distinct())
    known = tiers.load(settings)
    # In one order: two that do this for the same accounts wait for one another.
    over = [
        finding
        for account in sorted(payers)
        for finding in accounts.check_limits(connection, account, accounts.tier_of(connection, account, known))
    ]
    if over:
        raise accounts.together(over)


def _row(new: NewEpisode) -> dict[str, Any]:
    return {
        "id": uuid4().hex,
        "key": new.key,
        "show": new.brief.show,
        "position": new.position,
        "title": new.title,
        "brief": new.brief.model_dump(mode="json"),
        "synthesis_queue": new.synthesis_queue,
    }


def _note(connection: Connection, episode_id: str, kind: str) -> None:
    connection.execute(EVENT.insert().values(episode_id=episode_id, at=now(), kind=kind, data={}))
