"""What a signature holds is not replaced either: of rows that REPLACE takes no trigger is told.

SQLite's ``INSERT OR REPLACE`` and ``UPDATE OR REPLACE`` remove the row that has the new key,
without asking the trigger of DELETE. So no other row may take the key of what a
signed review has.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

_SAID = "a signed review stays as it is"


def upgrade() -> None:
    """Add the triggers; PostgreSQL has no REPLACE."""
    if op.get_bind().dialect.name == "postgresql":
        return
    for table in ("decisions", "annotations"):
        taken = (
            f"EXISTS (SELECT 1 FROM {table} AS held JOIN reviews ON reviews.id = held.review_id "  # noqa: S608 - of constants
            "WHERE held.id = NEW.id AND reviews.signed_at IS NOT NULL)"
        )
        _refuse(table, "INSERT", taken)
        _refuse(table, "UPDATE", f"NEW.id <> OLD.id AND {taken}")
    same = "id = NEW.id OR (service = NEW.service AND period = NEW.period)"
    taken = f"SELECT 1 FROM reviews WHERE signed_at IS NOT NULL AND id <> OLD.id AND ({same})"  # noqa: S608 - of constants
    _refuse("reviews", "UPDATE", f"EXISTS ({taken})")


def downgrade() -> None:
    """Remove them; what was signed is there as it was."""
    if op.get_bind().dialect.name == "postgresql":
        return
    for table, event in (
        ("decisions", "INSERT"), ("decisions", "UPDATE"),
        ("annotations", "INSERT"), ("annotations", "UPDATE"),
        ("reviews", "UPDATE"),
    ):  # fmt: skip
        op.execute(f"DROP TRIGGER {_name(table, event)}")


def _name(table: str, event: str) -> str:
    return f"{table}_signed_replaced_by_{event.lower()}"


def _refuse(table: str, event: str, when: str) -> None:
    """Have SQLite refuse one kind of change."""
    op.execute(
        f"CREATE TRIGGER {_name(table, event)} BEFORE {event} ON {table} "
        f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    )
