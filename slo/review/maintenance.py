"""Maintenance windows: hours that are not to count, said beforehand or after, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, select, update

from slo.review.audit import By, note
from slo.review.database import writing
from slo.review.history import Excluded
from slo.review.hours import HOUR
from slo.review.models import Base, MaintenanceWindow
from slo.review.refusals import ConflictError, MissingError, UnusableError
from slo.review.snapshot_store import CELLS
from slo.review.webhook import LONGEST_TEXT, shortened, storable

LONGEST_SECONDS = 31 * 86_400
"""What is longer is no maintenance but another objective."""
EARLIEST = 946_684_800
"""The year 2000, UNIX seconds: what is told of an earlier one is mistyped."""
FURTHEST_SECONDS = 2 * 366 * 86_400
"""What is told of later is mistyped, too."""
WINDOWS: Table = Base.metadata.tables[MaintenanceWindow.__tablename__]


@dataclass(frozen=True)
class Window:
    """One window."""

    starts_at: int
    """UNIX seconds."""
    ends_at: int
    labels: Mapping[str, str]
    """A cell is in it that has each of them, with this value; none for all cells."""
    reason: str
    author: str


@dataclass(frozen=True)
class Added:
    """A window that is in the record."""

    id: int
    cells: int
    """That are in it, of all objectives."""
    hours: int
    """Full hours that it touches: these are left out."""


def read_window(
    begin: str, end: str, labels: Mapping[str, str], reason: str, author: str, *, now: float
) -> Window:
    """Return the window that texts name.

    Args:
        begin: such as ``2026-11-16T13:00Z``; without a zone it is UTC.
        end: likewise.
        labels: of the cells.
        reason: for those who read the report.
        author: who says so.
        now: UNIX seconds.

    Raises:
        ValueError: if they name none.
    """
    starts_at, ends_at = told_moment(begin, now), told_moment(end, now)
    if not 0 < ends_at - starts_at <= LONGEST_SECONDS:
        days = LONGEST_SECONDS // 86_400
        raise ValueError(f"found {begin} to {end}, expected an end after it, within {days} days")
    texts = {"a reason": reason, "an author": author}
    for what, text in texts.items():
        if not text.strip():
            raise ValueError(f"found no text, expected {what}")
        if len(text.strip()) > LONGEST_TEXT:
            found = f"found {len(text.strip())} characters"
            raise ValueError(f"{found}, expected {what} of {LONGEST_TEXT} at most")
    clean = {shortened(name): shortened(text) for name, text in labels.items()}
    return Window(starts_at, ends_at, clean, storable(reason.strip()), storable(author.strip()))


def read_labels(texts: Iterable[str]) -> dict[str, str]:
    """Return labels of texts such as ``region=eu``.

    Raises:
        ValueError: if one is none, or a name comes twice: it can have one value alone.
    """
    labels: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise ValueError(f"found {text[:100]!r}, expected NAME=VALUE such as region=eu")
        if name in labels:
            found = f"found {name[:100]} twice, expected each name once"
            raise ValueError(f"{found}: add one for each value")
        labels[name] = value
    return labels


def add_window(engine: Engine, window: Window, now: int) -> Added:
    """Commit a window, and that it was added.

    Raises:
        UnusableError: if no cell of the record has its labels; it says which are known.
    """
    values: dict[str, Any] = {**asdict(window), "labels": dict(window.labels)}
    with writing(engine) as connection:
        every = cell_labels(connection)
        _check_labels(window.labels, every)
        added = WINDOWS.insert().returning(WINDOWS.c.id)
        number = int(connection.execute(added, values).scalar_one())
        note(connection, By(window.author, now), "add", f"maintenance {number}", after=values)
    return Added(number, *reach_of(values, every))


def withdraw_window(engine: Engine, number: int, by: By) -> None:
    """Have a window's hours count again, and commit who did so; it stays in the record.

    Raises:
        MissingError: if there is no such window.
        ConflictError: if it was withdrawn before.
    """
    with writing(engine) as connection:
        asked = select(WINDOWS).where(WINDOWS.c.id == number)
        row = connection.execute(asked).mappings().first()
        if row is None:
            raise MissingError(f"there is no maintenance {number}")
        if row["withdrawn_at"] is not None:
            raise ConflictError(f"{row['withdrawn_by']} withdrew maintenance {number} already")
        changed = {"withdrawn_at": by.now, "withdrawn_by": by.name}
        connection.execute(update(WINDOWS).where(WINDOWS.c.id == number), changed)
        subject, after = f"maintenance {number}", {**row, **changed}
        note(connection, by, "withdraw", subject, before=dict(row), after=after)


def cell_labels(connection: Connection) -> list[Mapping[str, str]]:
    """Return the labels of all cells in the record."""
    return list(connection.execute(select(CELLS.c.labels)).scalars())


def reach_of(row: Mapping[str, Any], every: Iterable[Mapping[str, str]]) -> tuple[int, int]:
    """Return how many of some cells, and how many full hours, a window leaves out.

    Args:
        row: of the window.
        every: labels of the cells.
    """
    window = Excluded(row["starts_at"], row["ends_at"], row["labels"], row["reason"])
    first, last = window.touched
    return sum(map(window.is_of, every)), (last - first) // HOUR


def _check_labels(labels: Mapping[str, str], every: Sequence[Mapping[str, str]]) -> None:
    for name, text in labels.items():
        values = {each[name] for each in every if name in each}
        if not values:
            known = _some({name for each in every for name in each})
            raise UnusableError(f"no cell has a label {name[:100]!r}, expected one of: {known}")
        if text not in values:
            found = f"no cell has {name}={text[:100]!r}"
            raise UnusableError(f"{found}, expected one of: {_some(values)}")
    if labels and not any(labels.items() <= each.items() for each in every):
        raise UnusableError(f"no cell has all of {', '.join(sorted(labels))} with these values")


def _some(words: set[str]) -> str:
    """Return known words, shortly."""
    return ", ".join(sorted(words))[:500] or "none, for no hour is in the record yet"


def told_moment(text: str, now: float) -> int:
    """Return the UNIX seconds of what people tell of: years that a record may be of.

    Raises:
        ValueError: if a text names none.
    """
    found = parse_moment(text)
    if not EARLIEST <= found <= now + FURTHEST_SECONDS:
        raise ValueError(f"found {text!r}, expected a time since 2000, and two years ahead at most")
    return found


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
