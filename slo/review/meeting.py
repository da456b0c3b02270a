"""What people wrote and did, read out of the record: changes, actions, decisions, annotations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, or_, select

from slo.review.models import Action, Annotation, Base, ChangeEvent, Decision, Review
from slo.review.reviewed_period import ReviewedPeriod


def read_changes(
    connection: Connection, period: ReviewedPeriod
) -> tuple[Mapping[str, object], ...]:
    """Return what somebody changed within a period."""
    table = Base.metadata.tables[ChangeEvent.__tablename__]
    inside = (table.c.at >= period.start) & (table.c.at < period.end)
    rows = connection.execute(select(table).where(inside).order_by(table.c.at, table.c.id))
    return tuple(
        {"at": _when(row.at), "kind": row.kind, "summary": row.summary, "labels": row.labels}
        for row in rows
    )


def read_actions(
    connection: Connection, service: str, period: ReviewedPeriod
) -> tuple[Mapping[str, object], ...]:
    """Return the actions that were open at any time of a period, those from before among them."""
    table = Base.metadata.tables[Action.__tablename__]
    is_open = or_(table.c.closed_at.is_(None), table.c.closed_at > period.start)
    asked = select(table).where(table.c.service == service, table.c.opened_at < period.end, is_open)
    return tuple(
        {
            "text": row.text,
            "owner": row.owner,
            "due_on": row.due_on,
            "closed": row.closed_at is not None and row.closed_at < period.end,
            "carried_over": row.opened_at < period.start,
        }
        for row in connection.execute(asked.order_by(table.c.opened_at, table.c.id))
    )


def read_decisions(
    connection: Connection, service: str, period: ReviewedPeriod
) -> tuple[Mapping[str, object], ...]:
    """Return what the review of a period decided."""
    table, reviews = (Base.metadata.tables[each.__tablename__] for each in (Decision, Review))
    asked = select(table).join(reviews, reviews.c.id == table.c.review_id)
    asked = asked.where(reviews.c.service == service, reviews.c.period == period.name)
    return tuple(
        {"at": _when(row.decided_at), "by": row.decided_by, "text": row.text}
        for row in connection.execute(asked.order_by(table.c.id))
    )


def read_annotations(
    connection: Connection, period: ReviewedPeriod
) -> tuple[Mapping[str, object], ...]:
    """Return what somebody wrote at a moment of a period."""
    table = Base.metadata.tables[Annotation.__tablename__]
    inside = (table.c.at >= period.start) & (table.c.at < period.end)
    rows = connection.execute(select(table).where(inside).order_by(table.c.at, table.c.id))
    return tuple(
        {"at": _when(row.at), "by": row.author, "text": row.text, "incident": row.incident_id}
        for row in rows
    )


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
