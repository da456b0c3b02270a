"""What people wrote and did, read out of the record: changes, actions, decisions, annotations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from slo.review.audit import Since, as_it_was
from slo.review.history import Excluded
from slo.review.models import (
    Acknowledgement,
    Action,
    Annotation,
    Base,
    ChangeEvent,
    Decision,
    MaintenanceWindow,
)
from slo.review.models import Review as ReviewRow
from slo.review.reviewed_period import ReviewedPeriod

_ACKNOWLEDGED, _ACTIONS, _ANNOTATIONS, _CHANGES, _DECISIONS, _WINDOWS, _REVIEWS = (
    Base.metadata.tables[each.__tablename__]
    for each in (
        Acknowledgement, Action, Annotation, ChangeEvent, Decision, MaintenanceWindow, ReviewRow
    )
)  # fmt: skip


def read_excluded(
    connection: Connection, period: ReviewedPeriod, since: Since
) -> tuple[Excluded, ...]:
    """Return the maintenance that touches a period, without what was withdrawn."""
    table = _WINDOWS
    touches = (table.c.starts_at < period.end) & (table.c.ends_at > period.start)
    asked = select(table).where(touches).order_by(table.c.starts_at, table.c.id)
    return tuple(
        Excluded(row["starts_at"], row["ends_at"], row["labels"], row["reason"])
        for row in _rows(connection, "maintenance", asked, since)
        if row["withdrawn_at"] is None
    )


def read_acknowledged(connection: Connection, since: Since) -> dict[int, int]:
    """Return when each incident was taken first, UNIX seconds, by its number."""
    asked = select(_ACKNOWLEDGED).where(_ACKNOWLEDGED.c.incident_id.is_not(None))
    found: dict[int, int] = {}
    for row in _rows(connection, "acknowledgement", asked.order_by(_ACKNOWLEDGED.c.at), since):
        if row["incident_id"] is not None:
            found.setdefault(row["incident_id"], row["at"])
    return found


def read_changes(
    connection: Connection, period: ReviewedPeriod, since: Since
) -> tuple[Mapping[str, object], ...]:
    """Return what somebody changed within a period."""
    table = _CHANGES
    inside = (table.c.at >= period.start) & (table.c.at < period.end)
    asked = select(table).where(inside).order_by(table.c.at, table.c.id)
    return tuple(
        {
            "at": _when(row["at"]),
            "kind": row["kind"],
            "summary": row["summary"],
            "labels": row["labels"],
        }
        for row in _rows(connection, "change", asked, since)
    )


def read_actions(
    connection: Connection, service: str, period: ReviewedPeriod, since: Since
) -> tuple[Mapping[str, object], ...]:
    """Return the actions that were open at any time of a period, or that its review began.

    Carried over are those from before the period, and those of reviews of earlier ones.
    """
    asked = select(_REVIEWS.c.id, _REVIEWS.c.starts_at).where(_REVIEWS.c.service == service)
    begins = {row.id: row.starts_at for row in connection.execute(asked)}
    every = select(_ACTIONS).where(_ACTIONS.c.service == service)
    every = every.order_by(_ACTIONS.c.opened_at, _ACTIONS.c.id)
    found: list[Mapping[str, object]] = []
    for row in _rows(connection, "action", every, since):
        reviewed_from = begins.get(row["review_id"])
        is_own = reviewed_from == period.start
        is_known = is_own or row["opened_at"] < period.end
        if not is_known or (row["closed_at"] is not None and row["closed_at"] <= period.start):
            continue
        is_earlier = reviewed_from is not None and reviewed_from < period.start
        found.append(
            {
                "text": row["text"],
                "owner": row["owner"],
                "due_on": row["due_on"],
                "closed": row["closed_at"] is not None and row["closed_at"] < period.end,
                "carried_over": row["opened_at"] < period.start or is_earlier,
            }
        )
    return tuple(found)


def read_decisions(
    connection: Connection, service: str, period: ReviewedPeriod
) -> tuple[Mapping[str, object], ...]:
    """Return what the review of a period decided."""
    asked = select(_DECISIONS).join(_REVIEWS, _REVIEWS.c.id == _DECISIONS.c.review_id)
    asked = asked.where(_REVIEWS.c.service == service, _REVIEWS.c.period == period.name)
    return tuple(
        {"at": _when(row.decided_at), "by": row.decided_by, "text": row.text}
        for row in connection.execute(asked.order_by(_DECISIONS.c.id))
    )


def read_annotations(
    connection: Connection,
    service: str,
    period: ReviewedPeriod,
    incidents: Collection[int],
    since: Since,
) -> tuple[Mapping[str, object], ...]:
    """Return what somebody wrote to the review of a period, or at a moment of it.

    What was written to another review is of that alone, whatever its moment.

    Args:
        connection: to the record.
        service: whose review it is.
        period: of the review.
        incidents: numbers of those that are in it: what was written of others is not.
        since: what is taken back.
    """
    table = _ANNOTATIONS
    reviews = select(_REVIEWS.c.id)
    reviews = reviews.where(_REVIEWS.c.service == service, _REVIEWS.c.period == period.name)
    own = table.c.review_id.in_(reviews)
    inside = (table.c.at >= period.start) & (table.c.at < period.end)
    asked = select(table).where(own | (table.c.review_id.is_(None) & inside))
    asked = asked.order_by(table.c.at, table.c.id)
    return tuple(
        {
            "at": _when(row["at"]),
            "by": row["author"],
            "text": row["text"],
            "incident": row["incident_id"],
        }
        for row in _rows(connection, "annotation", asked, since)
        if row["review_id"] is not None or row["incident_id"] in {None, *incidents}
    )


def _rows(
    connection: Connection, kind: str, asked: Select[Any], since: Since
) -> Iterator[Mapping[str, Any]]:
    for row in connection.execute(asked).mappings():
        then = as_it_was(kind, dict(row), since)
        if then is not None:
            yield then


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
