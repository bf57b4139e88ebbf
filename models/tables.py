"""Tables. Times are seconds since 1970 by the clock of the database; money is integer micro-dollars."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Table, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models import heard, review  # noqa: F401 - one set of tables, whoever asks for it
from models.steps import ChargeState, EpisodeState, StepState
from models.usage import Used


class Show(SQLModel, table=True):
    """A podcast and what its feed says of it."""

    __tablename__ = "show"

    slug: str = Field(primary_key=True)
    title: str
    description: str = ""
    author: str = ""
    owner_email: str = ""
    language: str = "en"
    category: str = "Education"
    subcategory: str | None = None
    link: str = ""
    explicit: bool = False
    copyright: str = ""
    guid: str
    """podcast:guid, computed once from the first feed address and kept through moves."""
    cover: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """An artifact; None: a cover is generated."""
    voices_order: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """Of its episodes, unless they say otherwise; None, here and below: as the settings say."""
    voices_fallback: str | None = None
    voices_degrade: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    quality: str | None = None
    degrade: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    gates: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """What its episodes must reach, where it is not what the settings say."""
    brand: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """Words, openings and tone of its scripts."""
    sound: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """Channels, loudness, music and advertisements of its episodes."""
    created_at: float


class Batch(SQLModel, table=True):
    """Episodes submitted together."""

    __tablename__ = "batch"

    id: str = Field(primary_key=True)
    name: str
    fingerprint: str = Field(unique=True)
    """Of the file's content: the same file again is the same batch."""
    show: str
    account: str = "default"
    refused: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Rows that could not be taken: file, line, field, message."""
    turn_at: float | None = None
    """When one of its episodes was last let into the chain: of two batches the one that waited longer is next."""
    created_at: float


class Episode(SQLModel, table=True):
    """One episode: what was asked, where it is, what it scored."""

    __tablename__ = "episode"
    __table_args__ = (
        Index("ix_episode_batch", "batch_id", "position"),
        Index("ix_episode_state", "state", "updated_at"),
        Index("ix_episode_show", "show", "created_at"),
    )

    id: str = Field(primary_key=True)
    """Also the guid of its feed item."""
    key: str = Field(unique=True)
    """Same key, same episode: show and content, or show and schedule slot."""
    show: str = Field(foreign_key="show.slug")
    account: str = "default"
    batch_id: str | None = Field(default=None, foreign_key="batch.id")
    position: int = 0
    """Place in its batch, from 0."""
    title: str
    brief: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: EpisodeState = Field(default=EpisodeState.QUEUED, sa_column=Column(Text, nullable=False))
    step: str = "research"
    """The step it is in, or failed in."""
    progress: float = 0.0
    """0 to 1 within the running step."""
    activity: str = ""
    """What the running step is doing, for a person."""
    error: str | None = None
    error_code: str | None = None
    interactive: bool = False
    """A person waits for it: it goes before batches wherever both wait."""
    synthesis_queue: str = "synthesis.gpu"
    """Queue of its synthesis step, by the engine of its cast."""
    created_at: float
    updated_at: float
    published_at: float | None = None
    duration_s: float | None = None
    word_accuracy: float | None = None
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    requests: int = 0
    """Speech requests really made, all rounds."""
    spoken_by: str | None = None
    """Engines that are heard, or ``text`` when it is text only."""
    spoken_why: str | None = None
    """Why the voices it was cast with are not, or not alone."""
    degraded: str | None = None
    """What of it was given up so that a budget covers it, and why."""


class StepRun(Used, table=True):
    """The execution record of one step of one episode. The lease is what makes a worker its only owner."""

    __tablename__ = "step_run"
    __table_args__ = (Index("ix_step_run_state", "state", "sent_at"),)

    episode_id: str = Field(primary_key=True, foreign_key="episode.id", ondelete="CASCADE")
    step: str = Field(primary_key=True)
    state: StepState = Field(default=StepState.DUE, sa_column=Column(Text, nullable=False))
    round: int = 0
    """0 at first; verification sends an episode back to synthesis as round 1, then 2."""
    attempt: int = 0
    """Claims in this round."""
    failures: int = 0
    """Transient failures in this round. Waiting for a limit, a provider or disk is none."""
    lost_leases: int = 0
    """Workers that died holding it."""
    lease_token: str | None = None
    lease_expires_at: float | None = None
    worker: str | None = None
    due_at: float
    """When its turn came."""
    sent_at: float | None = None
    """When its message was last sent. None: not sent yet, the episode is not let in."""
    not_before: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    error: str | None = None


class StepDocument(SQLModel, table=True):
    """What a step made, as JSON; overwritten by the next round of the same step."""

    __tablename__ = "document"

    episode_id: str = Field(primary_key=True, foreign_key="episode.id", ondelete="CASCADE")
    step: str = Field(primary_key=True)
    body: str = Field(sa_column=Column(Text, nullable=False))
    created_at: float


class Part(SQLModel, table=True):
    """One take's share of a synthesis step."""

    __tablename__ = "part"

    episode_id: str = Field(primary_key=True, foreign_key="episode.id", ondelete="CASCADE")
    round: int = Field(primary_key=True)
    index: int = Field(primary_key=True)
    state: StepState = Field(default=StepState.DUE, sa_column=Column(Text, nullable=False))
    take_key: str
    characters: int
    requested: bool = False
    """An engine was asked for it: it was not in the cache of takes."""
    replaced: int = 0
    """Requests made for takes that stood in this place before, in a plan that was given up."""
    finished_at: float | None = None


class TakeRow(SQLModel, table=True):
    """The cache of takes: the same request is never spoken twice."""

    __tablename__ = "take"

    key: str = Field(primary_key=True)
    """Hash of engine, model, voice, settings, text, pronunciation and variant."""
    engine: str
    voice: str
    sha256: str
    suffix: str
    size_bytes: int
    media_type: str
    duration_s: float
    body: str = Field(sa_column=Column(Text, nullable=False))
    """The take as a JSON document."""
    created_at: float
    used_at: float


class Account(SQLModel, table=True):
    """Who pays. The sums are kept by the ledger, together with the purses."""

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    tier: str = "owner"
    """What it may ask for, and at which discount: as the list of tiers has it."""
    reserved_microusd: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    spent_microusd: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    created_at: float = 0.0


class Purse(SQLModel, table=True):
    """The money held and spent under an owner in a period."""

    __tablename__ = "purse"

    owner: str = Field(primary_key=True)
    """``account:NAME``, ``show:SLUG``, ``batch:ID`` or ``episode:ID``."""
    period: str = Field(primary_key=True)
    """``total``, a month (``2026-11``) or a day (``2026-11-21``)."""
    used_microusd: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    warned: int = 0
    """The highest percentage of its budget that people were warned of."""


class Budget(SQLModel, table=True):
    """A limit on the purses of an owner."""

    __tablename__ = "budget"

    owner: str = Field(primary_key=True)
    span: str = Field(primary_key=True)
    """``day``, ``month`` or ``total``."""
    limit_microusd: int = Field(sa_column=Column(BigInteger, nullable=False))


class Reservation(SQLModel, table=True):
    """Money held for an episode from its quote until it is settled or released."""

    __tablename__ = "reservation"

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key="account.id")
    show: str = ""
    batch_id: str | None = None
    episode_id: str = Field(foreign_key="episode.id", unique=True)
    day: str = ""
    """On which it was opened, in UTC: the day that the money belongs to."""
    amount_microusd: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Still held; charges are taken from it."""
    open: bool = True
    created_at: float


class Charge(SQLModel, table=True):
    """A paid request: an intent before the call, settled after it."""

    __tablename__ = "charge"
    __table_args__ = (
        Index("ix_charge_episode", "episode_id", "step", "part"),
        Index("ix_charge_state", "state", "created_at"),
        Index("ix_charge_provider", "provider", "created_at"),
        Index("ix_charge_day", "day", "account"),
    )

    key: str = Field(primary_key=True)
    """Account, episode, step, part, content hash, attempt."""
    account: str = Field(foreign_key="account.id")
    show: str = ""
    batch_id: str | None = None
    episode_id: str
    day: str = ""
    """That the money belongs to: the day of the reservation that covers it, else the day of the intent, in UTC."""
    step: str
    part: int = 0
    content: str = ""
    """Hash of what is asked for."""
    attempt: int = 1
    """1 for the first request for this content; the next only after this one was refused or written off."""
    lease_token: str | None = None
    """The step run's lease it was intended under, with a mark of its own: one found open is somebody else's."""
    provider: str
    unit: str
    quantity: float
    state: ChargeState = Field(default=ChargeState.INTENT, sa_column=Column(Text, nullable=False))
    amount_microusd: int = Field(sa_column=Column(BigInteger, nullable=False))
    """What the account pays: expected while an intent or in doubt; charged once settled; 0 when refused."""
    cost_microusd: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """What the provider takes: the amount before the account's discount."""
    discount_percent: float = 0.0
    request_id: str | None = None
    """The provider's own name for the request."""
    reply: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """What came back, as kept in the store before anything else was done with it. None: nothing, or it was lost."""
    reason: str | None = None
    created_at: float
    settled_at: float | None = None


class PublicationRow(SQLModel, table=True):
    """One target's copy of an episode."""

    __tablename__ = "publication"
    __table_args__ = (UniqueConstraint("episode_id", "target"),)

    id: int | None = Field(default=None, primary_key=True)
    episode_id: str = Field(foreign_key="episode.id", ondelete="CASCADE")
    target: str
    url: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    """The publication as a JSON document."""
    created_at: float


class Schedule(SQLModel, table=True):
    """A recurring episode of a show."""

    __tablename__ = "schedule"
    __table_args__ = (UniqueConstraint("show", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    show: str = Field(foreign_key="show.slug")
    name: str
    cron: str
    """Five fields, in the show's own time zone."""
    timezone: str = "UTC"
    brief: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    active: bool = True
    since: float
    """Slots before this moment are not made up for."""
    last_slot: float | None = None


class Event(SQLModel, table=True):
    """What happened to an episode, in order."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_episode", "episode_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    episode_id: str | None = None
    at: float
    kind: str
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def table(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table of a model, for statements that name columns."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
