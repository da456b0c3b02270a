"""What was left of a budget, and how much was known, by the day: no report reads hours for these.

Days that are added up lack both: they are read hour by hour, until the service has added them up
again, one after the other (:mod:`slo.review.days`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add both, and have all days added up again."""
    op.add_column("cell_days", sa.Column("budget_remaining", sa.Double(), nullable=True))
    op.create_table(
        "objective_days",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("slo", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("known_hours", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service", "slo", "at", name=op.f("pk_objective_days")),
        sqlite_with_rowid=False,
    )
    op.execute("DELETE FROM added_days")


def downgrade() -> None:
    """Remove both; sums of days are there as they were."""
    op.drop_table("objective_days")
    op.drop_column("cell_days", "budget_remaining")
