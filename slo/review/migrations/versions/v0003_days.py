"""Days of cells, added up from their hours, and which of them are: reports read months of them.

The days that are there already are added up by the service, one after the other
(:mod:`slo.review.days`): until then they are read hour by hour.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "added_days",
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_added_days")),
    )
    op.create_table(
        "cell_days",
        sa.Column("cell_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("unknown_hours", sa.Double(), nullable=False),
        sa.Column("events_bad", sa.Double(), nullable=False),
        sa.Column("events", sa.Double(), nullable=False),
        sa.Column("events_bad_allowed", sa.Double(), nullable=False),
        sa.Column("events_bad_burning", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.id"], name=op.f("fk_cell_days_cell_id")),
        sa.PrimaryKeyConstraint("cell_id", "at", name=op.f("pk_cell_days")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Remove them; their hours are there."""
    op.drop_table("cell_days")
    op.drop_table("added_days")
