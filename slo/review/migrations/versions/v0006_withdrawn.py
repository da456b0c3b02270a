"""Maintenance that was withdrawn: it stays in the record, and its hours count again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the columns: nothing was withdrawn yet."""
    op.add_column("maintenance_windows", sa.Column("withdrawn_at", sa.BigInteger(), nullable=True))
    op.add_column("maintenance_windows", sa.Column("withdrawn_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Remove them, and what was withdrawn: it would count. The audit still tells of it."""
    op.execute("DELETE FROM maintenance_windows WHERE withdrawn_at IS NOT NULL")
    op.drop_column("maintenance_windows", "withdrawn_by")
    op.drop_column("maintenance_windows", "withdrawn_at")
