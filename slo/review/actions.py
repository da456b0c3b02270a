"""Actions: what somebody is to do until a day; they outlive the review that began them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Table, select, update

from slo.review import audit
from slo.review.audit import By
from slo.review.database import writing
from slo.review.facts import digest
from slo.review.models import Action, Base
from slo.review.refusals import MissingError, StaleError, UnusableError
from slo.review.reviews import bump, locked_draft, written_text

ACTIONS: Table = Base.metadata.tables[Action.__tablename__]
_LONGEST_OWNER = 200
_LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Task:
    """What is to be done, by whom, until when."""

    text: str
    owner: str
    due_on: str | None = None
    """``2026-12-01``."""


def add_action(engine: Engine, number: int, revision: int, task: Task, by: By) -> int:
    """Add an action to a draft review's service; return the action's number.

    Raises:
        MissingError, ConflictError, StaleError: as :func:`slo.review.reviews.edit_notes`.
        UnusableError: if there is no text, no owner, or the day is none.
    """
    clean = _values(task)
    with writing(engine) as connection:
        row = locked_draft(connection, number, revision)
        values = {
            **clean,
            "service": row["service"],
            "review_id": number,
            "opened_at": by.now,
            "closed_at": None,
        }
        added = ACTIONS.insert().returning(ACTIONS.c.id)
        action = int(connection.execute(added, values).scalar_one())
        audit.note(connection, by, "add", f"action {action}", after=values)
        bump(connection, row, by, "edit", {})
    return action


def change_action(
    engine: Engine,
    number: int,
    seen: str,
    task: Task,
    *,
    is_closed: bool,
    by: By,
) -> None:
    """Change an action, or close it, or open it again.

    Args:
        engine: of the record.
        number: of the action.
        seen: its mark (:func:`mark`) as whoever changes it saw it.
        task: what it is to be from now on.
        is_closed: whether it is done.
        by: who changes it.

    Raises:
        MissingError: if there is no such action.
        StaleError: if somebody changed it meanwhile.
        UnusableError: as :func:`add_action`.
    """
    clean = _values(task)
    with writing(engine) as connection:
        before = read_action(connection, number)
        if mark(before) != seen:
            raise StaleError(f"somebody changed action {number} meanwhile; read it again")
        closed_at = (before["closed_at"] or by.now) if is_closed else None
        after = {**before, **clean, "closed_at": closed_at}
        if after == before:
            return
        changed = {name: value for name, value in after.items() if name != "id"}
        connection.execute(update(ACTIONS).where(ACTIONS.c.id == number), changed)
        verb = "close" if is_closed and before["closed_at"] is None else "edit"
        audit.note(connection, by, verb, f"action {number}", before=before, after=after)


def read_action(connection: Connection, number: int) -> dict[str, Any]:
    """Return an action's row.

    Raises:
        MissingError: if there is no such action.
    """
    row = connection.execute(select(ACTIONS).where(ACTIONS.c.id == number)).mappings().first()
    if row is None:
        raise MissingError(f"there is no action {number}")
    return dict(row)


def mark(row: Mapping[str, Any]) -> str:
    """Return what is another once an action changes: its ETag."""
    return digest(dict(row))


def _values(task: Task) -> dict[str, Any]:
    if task.due_on is not None:
        try:
            is_day = date.fromisoformat(task.due_on).isoformat() == task.due_on
        except ValueError:
            is_day = False
        if not is_day:
            raise UnusableError(f"found {task.due_on[:40]!r}, expected a day such as 2026-12-01")
    return {
        "text": written_text(task.text, "an action", _LONGEST_TEXT),
        "owner": written_text(task.owner, "an owner", _LONGEST_OWNER),
        "due_on": task.due_on,
    }
