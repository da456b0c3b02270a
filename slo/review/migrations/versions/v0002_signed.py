"""What a signature holds stays as it is, whoever writes: the database itself refuses to change it.

A signed review, its decisions and what was annotated to it. To sign a draft is the last change.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_BELONGING = ("decisions", "annotations")
_SAID = "a signed review stays as it is"
_FUNCTION = f"""
CREATE FUNCTION refuse_change_of_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        IF EXISTS (SELECT 1 FROM reviews WHERE signed_at IS NOT NULL) THEN
            RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'reviews' THEN
        IF OLD.signed_at IS NULL THEN
            IF TG_OP = 'DELETE' THEN
                RETURN OLD;
            END IF;
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT 1 FROM reviews
                       WHERE id = OLD.review_id AND signed_at IS NOT NULL) THEN
            RETURN OLD;
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT 1 FROM reviews
                       WHERE id = NEW.review_id AND signed_at IS NOT NULL) THEN
            RETURN NEW;
        END IF;
    ELSIF NOT EXISTS (SELECT 1 FROM reviews
                      WHERE id IN (OLD.review_id, NEW.review_id) AND signed_at IS NOT NULL) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""  # noqa: S608 - of constants


def upgrade() -> None:
    """Add the triggers."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)
        for table in ("reviews", *_BELONGING):
            events = "UPDATE OR DELETE" if table == "reviews" else "INSERT OR UPDATE OR DELETE"
            for name, when, each in (
                ("signed", events, "ROW"),
                ("signed_truncate", "TRUNCATE", "STATEMENT"),
            ):
                op.execute(
                    f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} "
                    f"FOR EACH {each} EXECUTE FUNCTION refuse_change_of_signed()"
                )
        return
    for event in ("UPDATE", "DELETE"):
        _refuse("reviews", event, "OLD.signed_at IS NOT NULL")
    # INSERT OR REPLACE takes rows away that no trigger of DELETE is told of.
    is_there = "id = NEW.id OR (service = NEW.service AND period = NEW.period)"
    _refuse("reviews", "INSERT", _signed(is_there))
    for table in _BELONGING:
        _refuse(table, "INSERT", _signed("id = NEW.review_id"))
        _refuse(table, "UPDATE", _signed("id IN (OLD.review_id, NEW.review_id)"))
        _refuse(table, "DELETE", _signed("id = OLD.review_id"))


def downgrade() -> None:
    """Remove the triggers; what was signed is there as it was."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_signed() CASCADE")
        return
    for table in ("reviews", *_BELONGING):
        for event in ("INSERT", "UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER {table}_signed_{event.lower()}")


def _signed(which: str) -> str:
    return f"EXISTS (SELECT 1 FROM reviews WHERE signed_at IS NOT NULL AND ({which}))"  # noqa: S608 - of constants


def _refuse(table: str, event: str, when: str) -> None:
    """Have SQLite refuse one kind of change."""
    op.execute(
        f"CREATE TRIGGER {table}_signed_{event.lower()} BEFORE {event} ON {table} "
        f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    )
