"""Tables of what was heard of episodes: their scores and their voices."""

from sqlalchemy import JSON, Column, Index, Text
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
