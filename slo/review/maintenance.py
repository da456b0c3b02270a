"""Maintenance windows: hours that are not to count, said beforehand or after, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Table

from slo.review.audit import By, note
from slo.review.database import writing
from slo.review.models import Base, MaintenanceWindow
from slo.review.webhook import storable

LONGEST_SECONDS = 31 * 86_400
"""What is longer is no maintenance but another objective."""
WINDOWS: Table = Base.metadata.tables[MaintenanceWindow.__tablename__]


@dataclass(frozen=True)
class Window:
    """One window."""

    starts_at: int
    """UNIX seconds."""
    ends_at: int
    labels: Mapping[str, str]
    """Cells with another value of any of them are not in it; none for everything."""
    reason: str
    author: str


def read_window(
    begin: str, end: str, labels: Mapping[str, str], reason: str, author: str
) -> Window:
    """Return the window that texts name.

    Args:
        begin: such as ``2026-11-16T13:00Z``; without a zone it is UTC.
        end: likewise.
        labels: of the cells.
        reason: for those who read the report.
        author: who says so.

    Raises:
        ValueError: if they name none.
    """
    starts_at, ends_at = parse_moment(begin), parse_moment(end)
    if not 0 < ends_at - starts_at <= LONGEST_SECONDS:
        days = LONGEST_SECONDS // 86_400
        raise ValueError(f"found {begin} to {end}, expected an end after it, within {days} days")
    texts = {"a reason": reason, "an author": author}
    for what, text in texts.items():
        if not text.strip():
            raise ValueError(f"found no text, expected {what}")
    clean = {storable(name): storable(text) for name, text in labels.items()}
    return Window(starts_at, ends_at, clean, storable(reason.strip()), storable(author.strip()))


def add_window(engine: Engine, window: Window, now: int) -> int:
    """Commit a window, and that it was added; return its number."""
    values: dict[str, Any] = {**asdict(window), "labels": dict(window.labels)}
    with writing(engine) as connection:
        added = WINDOWS.insert().returning(WINDOWS.c.id)
        number = int(connection.execute(added, values).scalar_one())
        note(connection, By(window.author, now), "add", f"maintenance {number}", after=values)
    return number


def parse_moment(text: str) -> int:
    """Return the UNIX seconds that a text such as ``2026-11-16T13:00Z`` names.

    Raises:
        ValueError: if it names none.
    """
    try:
        when = datetime.fromisoformat(text)
        zoned = when if when.tzinfo else when.replace(tzinfo=UTC)
        return int(zoned.timestamp())
    except (ValueError, OverflowError):
        found = f"found {text!r}, expected a time such as 2026-11-16T13:00Z"
        raise ValueError(found) from None
