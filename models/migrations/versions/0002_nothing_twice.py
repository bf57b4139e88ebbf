"""Admission, counted failures, and charges that say what they were for and what came back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("episode", sa.Column("interactive", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("episode", sa.Column("synthesis_queue", sa.String(), nullable=False, server_default="synthesis.gpu"))
    op.add_column("batch", sa.Column("turn_at", sa.Float(), nullable=True))
    op.add_column("step_run", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("step_run", sa.Column("sent_at", sa.Float(), nullable=True))
    op.add_column("charge", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("charge", sa.Column("content", sa.String(), nullable=False, server_default=""))
    op.add_column("charge", sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("charge", sa.Column("lease_token", sa.String(), nullable=True))
    op.add_column("charge", sa.Column("reply", sa.JSON(none_as_null=True), nullable=True))
    op.drop_index("ix_step_run_state", "step_run")
    op.drop_index("ix_charge_episode", "charge")
    op.drop_index("ix_charge_state", "charge")
    op.create_index("ix_step_run_state", "step_run", ["state", "sent_at"])
    op.create_index("ix_charge_episode", "charge", ["episode_id", "step", "part"])
    op.create_index("ix_charge_state", "charge", ["state", "created_at"])
    op.create_index("ix_charge_provider", "charge", ["provider", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_charge_provider", "charge")
    op.drop_index("ix_charge_state", "charge")
    op.drop_index("ix_charge_episode", "charge")
    op.drop_index("ix_step_run_state", "step_run")
    op.create_index("ix_step_run_state", "step_run", ["state", "step", "due_at"])
    op.create_index("ix_charge_state", "charge", ["state"])
    op.create_index("ix_charge_episode", "charge", ["episode_id"])
    for table, columns in (
        ("charge", ("reply", "lease_token", "attempt", "content", "part")),
        ("step_run", ("sent_at", "failures")),
        ("batch", ("turn_at",)),
        ("episode", ("synthesis_queue", "interactive")),
    ):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
