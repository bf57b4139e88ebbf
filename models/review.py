"""The table of what a person is to hear."""

from typing import Final

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

IS_OPEN: Final = text("state = 'open'")


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
