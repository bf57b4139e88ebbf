"""Who speaks when the voices of a show cannot; who spoke an episode, and why; requests of plans that were given up."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("show", sa.Column("voices_order", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("show", sa.Column("voices_fallback", sa.String(), nullable=True))
    op.add_column("show", sa.Column("voices_degrade", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("episode", sa.Column("spoken_by", sa.String(), nullable=True))
    op.add_column("episode", sa.Column("spoken_why", sa.String(), nullable=True))
    op.add_column("part", sa.Column("replaced", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table, columns in (
        ("part", ("replaced",)),
        ("episode", ("spoken_why", "spoken_by")),
        ("show", ("voices_degrade", "voices_fallback", "voices_order")),
    ):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
