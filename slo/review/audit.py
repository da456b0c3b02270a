"""Who changed what of what people write; and how it all was at an earlier entry.

Every change of people's is told here in its own transaction, and transactions that write are one
after another: so the numbers of entries are an order of changes, and what came after an entry can
be taken back in thought. A signed review is made again that way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Table, func, select

from slo.review.models import AuditEntry, Base

AUDIT: Table = Base.metadata.tables[AuditEntry.__tablename__]


@dataclass(frozen=True)
class By:
    """Who changes something, and when."""

    name: str
    now: int
    """UNIX seconds."""


Since = Mapping[str, Mapping[str, Any] | None]
"""How subjects were, None for those that were not there yet; those that did not change are absent.
"""
NO_CHANGES: Since = MappingProxyType({})


def note(
    connection: Connection,
    by: By,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry to the transaction that makes the change.

    Args:
        connection: of that transaction.
        by: who changes it.
        action: ``add``, ``edit``, ``close``, ``sign``, ``discard``,
            ``withdraw``.
        subject: its kind and its key: ``action 12``.
        before: its row; None where there was none.
        after: its row, without what is as large as figures.
    """
    entry = {
        "at": by.now,
        "actor": by.name,
        "action": action,
        "subject": subject,
        "before": None if before is None else dict(before),
        "after": None if after is None else dict(after),
    }
    connection.execute(AUDIT.insert(), entry)


def last_entry(connection: Connection) -> int:
    """Return the number of the last entry; 0 if there is none."""
    return int(connection.execute(select(func.max(AUDIT.c.id))).scalar() or 0)


def changed_since(connection: Connection, entry: int | None) -> Since:
    """Return how what was changed after an entry was at that entry; nothing for None: as now."""
    if entry is None:
        return NO_CHANGES
    asked = select(AUDIT.c.subject, AUDIT.c.before).where(AUDIT.c.id > entry)
    found: dict[str, Mapping[str, Any] | None] = {}
    for row in connection.execute(asked.order_by(AUDIT.c.id)):
        found.setdefault(row.subject, row.before)
    return found


def as_it_was(kind: str, row: Mapping[str, Any], since: Since) -> Mapping[str, Any] | None:
    """Return a row as it was; None if it was not there yet."""
    subject = f"{kind} {row['id']}"
    if subject not in since:
        return row
    before = since[subject]
    return None if before is None else {**row, **before}
