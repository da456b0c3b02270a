"""Numbers of reviews and decisions are given once, and the audit stays as it is.

SQLite gave the number of a discarded draft to the next one, which a page that was still open then
wrote into. :func:`slo.review.reviews.remake` reads the audit.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_COUNTED = ("reviews", "decisions")
_SAID = "the audit stays as it is"
_FUNCTION = f"""
CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
_SQLITE = {
    "UPDATE": "TRUE",
    "DELETE": "TRUE",
    # INSERT OR REPLACE takes rows away that no trigger of DELETE is told of.
    "INSERT": "EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)",
}


def upgrade() -> None:
    """Have SQLite count on, and refuse changes of the audit."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)
        for name, when, each in (
            ("kept", "UPDATE OR DELETE", "ROW"),
            ("kept_truncate", "TRUNCATE", "STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER audit_{name} BEFORE {when} ON audit "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change_of_audit()"
            )
        return
    for table in _COUNTED:
        _make_again(table, counts_on=True)
    for event, when in _SQLITE.items():
        op.execute(
            f"CREATE TRIGGER audit_kept_{event.lower()} BEFORE {event} ON audit "
            f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
        )


def downgrade() -> None:
    """Undo both; all rows are there as they were."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_audit() CASCADE")
        return
    for event in _SQLITE:
        op.execute(f"DROP TRIGGER audit_kept_{event.lower()}")
    for table in _COUNTED:
        _make_again(table, counts_on=False)


def _make_again(table: str, *, counts_on: bool) -> None:
    """Make a table of SQLite again with its rows, indexes and triggers: no key can be altered."""
    connection = op.get_bind()
    asked = sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql NOTNULL")
    found = connection.execute(asked, {"table": table}).all()
    (made,) = (sql for kind, sql in found if kind == "table")
    beside = f"CONSTRAINT pk_{table} PRIMARY KEY (id)"
    within = f"CONSTRAINT pk_{table} PRIMARY KEY AUTOINCREMENT"
    plain = "id INTEGER NOT NULL"
    if counts_on:
        made = made.replace(f"{beside}, ", "").replace(plain, f"{plain} {within}", 1)
    else:
        made = made.replace(f" {within}", "", 1).replace("CONSTRAINT ", f"{beside}, CONSTRAINT ", 1)
    op.execute("PRAGMA defer_foreign_keys=ON")  # until this transaction is committed
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT * FROM {table}")  # noqa: S608 - of constants
    op.execute(f"DROP TABLE {table}")
    op.execute(sa.text(made.replace(":", "\\:")))
    op.execute(f"INSERT INTO {table} SELECT * FROM kept")  # noqa: S608 - of constants
    op.execute("DROP TABLE temp.kept")
    for kind, sql in found:
        if kind != "table":
            op.execute(sa.text(sql.replace(":", "\\:")))
    if counts_on:
        _count_from_last(table)


def _count_from_last(table: str) -> None:
    """Have a table count on from the last number that it gave, by the audit."""
    kind = table.removesuffix("s")
    connection = op.get_bind()
    told = f"SELECT MAX(CAST(SUBSTR(subject, {len(kind) + 2}) AS INTEGER)) FROM audit "  # noqa: S608 - of constants
    last = connection.execute(sa.text(f"{told} WHERE subject LIKE '{kind} %'")).scalar() or 0
    there = connection.execute(sa.text(f"SELECT MAX(id) FROM {table}")).scalar() or 0  # noqa: S608 - of constants
    op.execute(f"DELETE FROM sqlite_sequence WHERE name = '{table}'")  # noqa: S608 - of constants
    op.execute(f"INSERT INTO sqlite_sequence VALUES ('{table}', {max(last, there)})")  # noqa: S608 - of constants
