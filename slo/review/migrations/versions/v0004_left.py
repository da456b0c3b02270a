"""What was left of a budget, and of each objective what all its cells come to, by the day.

Days of cells lie in the order in which they are written and read: day by day. Those that are there
already are added up again by the service, one after the other (:mod:`slo.review.days`): until then
they are read hour by hour.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SUMS = ("unknown_hours", "events_bad", "events", "events_bad_allowed", "events_bad_burning")


def upgrade() -> None:
    """Make the tables anew."""
    op.drop_table("cell_days")
    left: sa.Column[float] = sa.Column("budget_remaining", sa.Double(), nullable=True)
    _make_cell_days(left, keys=("at", "cell_id"))
    op.create_table(
        "objective_days",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("slo", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("known_hours", sa.BigInteger(), nullable=False),
        sa.Column("events_bad", sa.Double(), nullable=False),
        sa.Column("events", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("service", "slo", "at", name=op.f("pk_objective_days")),
        sqlite_with_rowid=False,
    )
    op.execute("DELETE FROM added_days")


def downgrade() -> None:
    """Make the one as it was; its days are added up again, too."""
    op.drop_table("objective_days")
    op.drop_table("cell_days")
    _make_cell_days(keys=("cell_id", "at"))
    op.execute("DELETE FROM added_days")


def _make_cell_days(*more: sa.Column[float], keys: tuple[str, str]) -> None:
    op.create_table(
        "cell_days",
        sa.Column("cell_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in _SUMS),
        *more,
        sa.ForeignKeyConstraint(["cell_id"], ["cells.id"], name=op.f("fk_cell_days_cell_id")),
        sa.PrimaryKeyConstraint(*keys, name=op.f("pk_cell_days")),
        sqlite_with_rowid=False,
    )
