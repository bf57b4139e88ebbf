"""Purses and budgets by owner and period; tiers, discounts, degrading; whose money a charge is, and of which day."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SPANS = (("total", None), ("month", 7), ("day", 10))


def upgrade() -> None:
    op.create_table(
        "purse",
        sa.Column("owner", sa.String(), primary_key=True),
        sa.Column("period", sa.String(), primary_key=True),
        sa.Column("used_microusd", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("warned", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_table(
        "budget",
        sa.Column("owner", sa.String(), primary_key=True),
        sa.Column("span", sa.String(), primary_key=True),
        sa.Column("limit_microusd", sa.BigInteger(), nullable=False),
    )
    op.add_column("account", sa.Column("tier", sa.String(), nullable=False, server_default="owner"))
    op.add_column("account", sa.Column("created_at", sa.Float(), nullable=False, server_default="0"))
    for name in ("reservation", "charge"):
        op.add_column(name, sa.Column("show", sa.String(), nullable=False, server_default=""))
        op.add_column(name, sa.Column("batch_id", sa.String(), nullable=True))
        op.add_column(name, sa.Column("day", sa.String(), nullable=False, server_default=""))
    op.add_column("charge", sa.Column("cost_microusd", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("charge", sa.Column("discount_percent", sa.Float(), nullable=False, server_default="0"))
    op.create_index("ix_charge_day", "charge", ["day", "account"])
    op.add_column("show", sa.Column("quality", sa.String(), nullable=True))
    op.add_column("show", sa.Column("degrade", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("episode", sa.Column("degraded", sa.String(), nullable=True))
    _say_whose()
    _fill_purses()
    # In place: where other tables point to it, SQLite lets no table be made anew.
    op.drop_column("account", "budget_microusd")


def _say_whose() -> None:
    """Days were not written down: the money that is held now belongs to the day on which it was."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        day = "to_char(to_timestamp(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    else:
        day = "strftime('%Y-%m-%d', created_at, 'unixepoch')"
    for name in ("reservation", "charge"):
        op.execute(f"UPDATE {name} SET day = {day}")  # noqa: S608 - our own words
        for column in ("show", "batch_id"):
            known = f"SELECT {column} FROM episode WHERE episode.id = {name}.episode_id"  # noqa: S608
            op.execute(f"UPDATE {name} SET {column} = ({known}) WHERE EXISTS ({known})")  # noqa: S608
    # What an open charge took from a reservation goes back to it: they are of one day.
    op.execute(
        "UPDATE charge SET day = (SELECT day FROM reservation WHERE reservation.episode_id = charge.episode_id) "
        "WHERE state IN ('intent', 'in_doubt') "
        "AND EXISTS (SELECT 1 FROM reservation WHERE reservation.episode_id = charge.episode_id AND reservation.open)"
    )
    op.execute("UPDATE charge SET cost_microusd = amount_microusd")


def _fill_purses() -> None:
    op.execute(
        "INSERT INTO budget (owner, span, limit_microusd) "
        "SELECT 'account:' || id, 'total', budget_microusd FROM account WHERE budget_microusd IS NOT NULL"
    )
    money = (
        "SELECT account, show, batch_id, episode_id, day, amount_microusd FROM charge WHERE amount_microusd <> 0 "
        "UNION ALL "
        "SELECT account, show, batch_id, episode_id, day, amount_microusd FROM reservation WHERE amount_microusd <> 0"
    )
    owners = (("account", "account", SPANS), ("show", "show", SPANS), ("batch", "batch_id", SPANS[:1]))
    for kind, column, spans in (*owners, ("episode", "episode_id", SPANS[:1])):
        for _, length in spans:
            period = f"substr(day, 1, {length})" if length else "'total'"
            op.execute(
                "INSERT INTO purse (owner, period, used_microusd, warned) "  # noqa: S608 - our own words
                f"SELECT '{kind}:' || {column}, {period}, SUM(amount_microusd), 0 FROM ({money}) AS money "
                f"WHERE {column} IS NOT NULL AND {column} <> '' GROUP BY 1, 2"
            )


def downgrade() -> None:
    op.add_column("account", sa.Column("budget_microusd", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE account SET budget_microusd = "
        "(SELECT limit_microusd FROM budget WHERE owner = 'account:' || account.id AND span = 'total')"
    )
    op.drop_index("ix_charge_day", "charge")
    for name, columns in (
        ("charge", ("discount_percent", "cost_microusd", "day", "batch_id", "show")),
        ("reservation", ("day", "batch_id", "show")),
        ("account", ("created_at", "tier")),
        ("show", ("degrade", "quality")),
        ("episode", ("degraded",)),
    ):
        with op.batch_alter_table(name) as batch:
            for column in columns:
                batch.drop_column(column)
    op.drop_table("budget")
    op.drop_table("purse")
