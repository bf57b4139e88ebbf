"""What gates measured of episodes, which of them a person is to hear, and what shows ask of theirs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OF_SHOWS = ("gates", "brand", "sound")


def upgrade() -> None:
    for column in OF_SHOWS:
        op.add_column("show", sa.Column(column, sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "score",
        sa.Column("episode_id", sa.String(), sa.ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("limit", sa.Float(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.create_index("ix_score_name", "score", ["name", "at"])
    op.create_table(
        "voice_print",
        sa.Column("episode_id", sa.String(), sa.ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("voice", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("embedding", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.create_index("ix_voice_print_voice", "voice_print", ["voice", "model", "at"])
    review = op.create_table(
        "review",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("episode_id", sa.String(), sa.ForeignKey("episode.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.Float(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
    )
    op.create_index("ix_review_state", "review", ["state", "created_at"])
    op.create_index("ix_review_episode", "review", ["episode_id"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ux_review_open", "review", ["episode_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    _ask_for_those_that_wait(review)


def _ask_for_those_that_wait(review: sa.Table) -> None:
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("id", "error", "updated_at", "state")]
    episode = sa.table("episode", *columns)
    waiting = sa.select(episode.c.id, episode.c.error, episode.c.updated_at).where(episode.c.state == "review")
    items = [
        {
            "episode_id": row.id,
            "kind": "failed",
            "reason": row.error or "It waits for a decision.",
            "lines": [],
            "state": "open",
            "note": "",
            "created_at": row.updated_at,
        }
        for row in op.get_bind().execute(waiting)
    ]
    op.bulk_insert(review, items)


def downgrade() -> None:
    op.drop_table("review")
    op.drop_table("voice_print")
    op.drop_table("score")
    # Not as a batch: that makes the table anew, and episodes refer to it.
    for column in OF_SHOWS:
        op.drop_column("show", column)
