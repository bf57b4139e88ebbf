"""What each step took of the machine."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = ("cpu_s", "peak_mb")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("step_run", sa.Column(column, sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("step_run") as batch:
        for column in COLUMNS[::-1]:
            batch.drop_column(column)
