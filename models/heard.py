"""Tables of what was heard of episodes: their scores, their voices, and what a person is to hear."""

from typing import Final

from sqlalchemy import JSON, Column, Index, Text, text
from sqlmodel import Field, SQLModel


class ScoreRow(SQLModel, table=True):
    """What a gate measured of an episode; the last measure of its name counts."""

    __tablename__ = "score"
    __table_args__ = (Index("ix_score_name", "name", "at"),)

    episode_id: str = Field(primary_key=True, foreign_key="episode.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)
    value: float | None = None
    """None: it could not be measured, and ``said`` says why."""
    limit: float | None = None
    """What it had to reach, or stay below; None: it is only kept."""
    passed: bool | None = None
    said: str = ""
    """For a person: what is wrong, and where."""
    lines: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False, default=list))
    """Those it is about; none: all of it."""
    at: float


IS_OPEN: Final = text("state = 'open'")


class VoicePrint(SQLModel, table=True):
    """How a voice is heard in an episode. As it was first heard is what every later episode is held against."""

    __tablename__ = "voice_print"
    __table_args__ = (Index("ix_voice_print_voice", "voice", "model", "at"),)

    episode_id: str = Field(primary_key=True, foreign_key="episode.id", ondelete="CASCADE")
    voice: str = Field(primary_key=True)
    """``engine:voice``."""
    model: str
    """That made the embedding."""
    embedding: str = Field(sa_column=Column(Text, nullable=False))
    """Half-precision numbers, little-endian, in base 64."""
    at: float


class ReviewRow(SQLModel, table=True):
    """An episode that a person is to hear, and what was decided."""

    __tablename__ = "review"
    __table_args__ = (
        Index("ix_review_state", "state", "created_at"),
        Index("ix_review_episode", "episode_id"),
        # Of two steps that ask for the same episode to be heard, the second adds to what the first asked.
        Index("ux_review_open", "episode_id", unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    )

    id: int | None = Field(default=None, primary_key=True)
    episode_id: str = Field(foreign_key="episode.id", ondelete="CASCADE")
    kind: str
    """``sample``: drawn by chance; ``doubtful``: a gate only just passed; ``failed``: it waits for the decision."""
    reason: str
    lines: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Those in question; none: all of it."""
    state: str = "open"
    """``open``, ``approved``, ``respoken``, ``edited`` or ``rejected``; ``closed`` when the episode was put back or
    cancelled otherwise."""
    decided_by: str | None = None
    decided_at: float | None = None
    note: str = ""
    created_at: float
