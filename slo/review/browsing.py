"""Lists of the record, a page at a time, as the interface and the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, exists, select

from slo.review.acknowledging import ACKNOWLEDGEMENTS
from slo.review.actions import ACTIONS, mark
from slo.review.alert_store import ALERTS, EVIDENCE
from slo.review.audit import AUDIT
from slo.review.incident_store import INCIDENTS
from slo.review.maintenance import WINDOWS, cell_labels, reach_of
from slo.review.refusals import MissingError
from slo.review.reviews import DECISIONS, REVIEWS, read_review
from slo.review.snapshot_store import CELLS, SNAPSHOTS, VERSIONS
from slo.review.telling import ANNOTATIONS, CHANGES

Row = Mapping[str, Any] | RowMapping
_MOST_ALERTS = 1000
_NOT_TOLD = ("figures", "spent_until", "received_at", "fingerprint")
"""Columns that lists leave out."""


@dataclass(frozen=True)
class Asked:
    """Which part of a list."""

    limit: int = 100
    offset: int = 0
    since: int | None = None
    """UNIX seconds."""
    until: int | None = None


@dataclass(frozen=True)
class Listed:
    """A part of a list."""

    items: list[dict[str, Any]]
    next: int | None
    """The offset of the part after it; None for the last one."""


def list_objectives(connection: Connection, asked: Asked, **equal: str | None) -> Listed:
    """Return versions of objectives, the newest of each first. Filters: slo, service."""
    order = VERSIONS.c.service, VERSIONS.c.slo, VERSIONS.c.valid_from.desc()
    return _listed(connection, _where(select(VERSIONS), VERSIONS, equal).order_by(*order), asked)


def list_snapshots(connection: Connection, asked: Asked, **equal: str | None) -> Listed:
    """Return snapshots of budgets, by hour and cell. Filters: slo, service, time."""
    joined = select(CELLS.c.slo, CELLS.c.service, CELLS.c.labels, SNAPSHOTS)
    joined = joined.join_from(SNAPSHOTS, CELLS, CELLS.c.id == SNAPSHOTS.c.cell_id)
    within = _within(_where(joined, CELLS, equal), SNAPSHOTS.c.at, asked)
    return _listed(connection, within.order_by(SNAPSHOTS.c.at, SNAPSHOTS.c.cell_id), asked)


def list_incidents(
    connection: Connection,
    asked: Asked,
    *,
    is_open: bool | None = None,
    place: Mapping[str, str] | None = None,
    **equal: str | None,
) -> Listed:
    """Return incidents, the latest first. Filters: cause, severity, time, place, whether it lasts.

    An incident that does not tell a label may be at any place.
    """
    every = _where(select(INCIDENTS).where(INCIDENTS.c.merged_into.is_(None)), INCIDENTS, equal)
    if is_open is not None:
        ends = INCIDENTS.c.ended_at_ms
        every = every.where(ends.is_(None) if is_open else ends.is_not(None))
    for name, text in (place or {}).items():
        told_place = INCIDENTS.c.labels[name].as_string()
        every = every.where(told_place.is_(None) | (told_place == text))
    every = _within(every, INCIDENTS.c.started_at_ms, asked, 1000)
    order = INCIDENTS.c.started_at_ms.desc(), INCIDENTS.c.id.desc()
    return _listed(connection, every.order_by(*order), asked)


def incidents_of(
    connection: Connection, asked: Asked, *, service: str, slo: str
) -> list[dict[str, Any]]:
    """Return the incidents during which an objective burned, the latest first.

    Those that touch the time that is asked for, also what began before it.
    """
    burned = exists().where(
        ALERTS.c.incident_id == INCIDENTS.c.id,
        ALERTS.c.labels["slo"].as_string() == slo,
        ALERTS.c.labels["service"].as_string() == service,
    )
    ends = INCIDENTS.c.ended_at_ms
    every = select(INCIDENTS).where(burned)
    if asked.since is not None:
        every = every.where(ends.is_(None) | (ends > asked.since * 1000))
    if asked.until is not None:
        every = every.where(INCIDENTS.c.started_at_ms < asked.until * 1000)
    return _listed(connection, every.order_by(INCIDENTS.c.started_at_ms.desc()), asked).items


def read_incident(connection: Connection, number: int) -> dict[str, Any]:
    """Return one incident with who took it, its alerts, their evidence and what people wrote.

    Raises:
        MissingError: if there is no such incident.
    """
    found = connection.execute(select(INCIDENTS).where(INCIDENTS.c.id == number)).mappings().first()
    if found is None:
        raise MissingError(f"there is no incident {number}")
    own = select(ALERTS).where(ALERTS.c.incident_id == number)
    own = own.order_by(ALERTS.c.starts_at_ms, ALERTS.c.id).limit(_MOST_ALERTS)
    alerts = [told(row) for row in connection.execute(own).mappings()]
    texts: dict[str, list[dict[str, Any]]] = {}
    ids = select(ALERTS.c.id).where(ALERTS.c.incident_id == number)
    evidence = select(EVIDENCE).where(EVIDENCE.c.alert_id.in_(ids))
    for row in connection.execute(evidence.order_by(EVIDENCE.c.received_at, EVIDENCE.c.id)):
        one = {"at": moment(row.received_at), "annotations": row.annotations}
        texts.setdefault(row.alert_id, []).append(one)
    said = select(ANNOTATIONS).where(ANNOTATIONS.c.incident_id == number)
    said = said.order_by(ANNOTATIONS.c.at, ANNOTATIONS.c.id)
    took = ACKNOWLEDGEMENTS
    taken = select(took.c.at, took.c.author, took.c.told_by).where(took.c.incident_id == number)
    taken = taken.order_by(took.c.at, took.c.author)
    return {
        **told(found),
        "acknowledgements": [told(row) for row in connection.execute(taken).mappings()],
        "alerts": [{**each, "evidence": texts.get(each["id"], [])} for each in alerts],
        "annotations": [told(row) for row in connection.execute(said).mappings()],
    }


def list_changes(connection: Connection, asked: Asked, **equal: str | None) -> Listed:
    """Return changes, the latest first. Filters: kind, time."""
    every = _within(_where(select(CHANGES), CHANGES, equal), CHANGES.c.at, asked)
    return _listed(connection, every.order_by(CHANGES.c.at.desc(), CHANGES.c.id), asked)


def list_maintenance(connection: Connection, asked: Asked) -> Listed:
    """Return maintenance windows with how much they cover, the latest first.

    Filter: when they begin.
    """
    every = _within(select(WINDOWS), WINDOWS.c.starts_at, asked)
    order = WINDOWS.c.starts_at.desc(), WINDOWS.c.id.desc()
    rows, following = _rows(connection, every.order_by(*order), asked)
    labels = cell_labels(connection) if rows else []
    reached = (reach_of(row, labels) for row in rows)
    items = [
        {**told(row), "cells": cells, "hours": hours}
        for row, (cells, hours) in zip(rows, reached, strict=True)
    ]
    return Listed(items, following)


def list_annotations(connection: Connection, asked: Asked) -> Listed:
    """Return annotations, the latest moment first. Filter: time."""
    every = _within(select(ANNOTATIONS), ANNOTATIONS.c.at, asked)
    order = ANNOTATIONS.c.at.desc(), ANNOTATIONS.c.id.desc()
    return _listed(connection, every.order_by(*order), asked)


def list_reviews(
    connection: Connection, asked: Asked, *, is_signed: bool | None = None, **equal: str | None
) -> Listed:
    """Return reviews without figures, the latest period first. Filters: service, signed, time."""
    columns = [column for column in REVIEWS.c if column.name != "figures"]
    every = _where(select(*columns), REVIEWS, equal)
    if is_signed is not None:
        at = REVIEWS.c.signed_at
        every = every.where(at.is_not(None) if is_signed else at.is_(None))
    every = _within(every, REVIEWS.c.starts_at, asked)
    return _listed(
        connection, every.order_by(REVIEWS.c.starts_at.desc(), REVIEWS.c.id.desc()), asked
    )


def read_whole_review(connection: Connection, number: int) -> dict[str, Any]:
    """Return a review with its decisions and the service's actions, without figures.

    Raises:
        MissingError: if there is no such review.
    """
    row = read_review(connection, number)
    decided = select(DECISIONS).where(DECISIONS.c.review_id == number).order_by(DECISIONS.c.id)
    closed = ACTIONS.c.closed_at
    open_ = (ACTIONS.c.opened_at < row["ends_at"]) & (
        closed.is_(None) | (closed > row["starts_at"])
    )
    acted = select(ACTIONS).where(
        ACTIONS.c.service == row["service"], (ACTIONS.c.review_id == number) | open_
    )
    return {
        **told(row),
        "decisions": [told(each) for each in connection.execute(decided).mappings()],
        "actions": [
            told_action(each)
            for each in connection.execute(acted.order_by(ACTIONS.c.id)).mappings()
        ],
    }


def list_actions(
    connection: Connection, asked: Asked, *, is_open: bool | None = None, **equal: str | None
) -> Listed:
    """Return actions, the latest first, with their marks. Filters: service, owner, open, time."""
    every = _where(select(ACTIONS), ACTIONS, equal)
    if is_open is not None:
        at = ACTIONS.c.closed_at
        every = every.where(at.is_(None) if is_open else at.is_not(None))
    every = _within(every, ACTIONS.c.opened_at, asked).order_by(ACTIONS.c.id.desc())
    rows, following = _rows(connection, every, asked)
    return Listed([told_action(row) for row in rows], following)


def list_audit(connection: Connection, asked: Asked, **equal: str | None) -> Listed:
    """Return entries of the audit, the latest first. Filters: actor, subject, time."""
    every = _within(_where(select(AUDIT), AUDIT, equal), AUDIT.c.at, asked)
    return _listed(connection, every.order_by(AUDIT.c.id.desc()), asked)


def told_action(row: Row) -> dict[str, Any]:
    """Return an action with its mark."""
    return {**told(row), "mark": mark({str(name): value for name, value in row.items()})}


def told(row: Row) -> dict[str, Any]:
    """Return a row as it is told: times as texts, in UTC."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in _NOT_TOLD:
            continue
        if name.endswith("_at_ms"):
            found[name.removesuffix("_ms")] = None if value is None else moment(value // 1000)
        elif name == "at" or name.endswith(("_at", "_from")):
            found[name] = None if value is None else moment(value)
        else:
            found[name] = value
    return found


def moment(seconds: int) -> str:
    """Return a time as the interface tells it: ``2026-11-16T13:00:00Z``."""
    try:
        # Not by strftime, which writes the year 1 as one digit.
        return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}Z"
    except (ValueError, OverflowError, OSError):
        return str(seconds)  # of an alert that tells of no year that there is


def _where(statement: Select[Any], table: Any, equal: Mapping[str, str | None]) -> Select[Any]:
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(table.c[name] == value)
    return statement


def _within(statement: Select[Any], column: Any, asked: Asked, scale: int = 1) -> Select[Any]:
    if asked.since is not None:
        statement = statement.where(column >= asked.since * scale)
    if asked.until is not None:
        statement = statement.where(column < asked.until * scale)
    return statement


def _rows(
    connection: Connection, statement: Select[Any], asked: Asked
) -> tuple[list[Mapping[str, Any]], int | None]:
    part = statement.limit(asked.limit + 1).offset(asked.offset)
    rows: list[Mapping[str, Any]] = [dict(row) for row in connection.execute(part).mappings()]
    following = asked.offset + asked.limit if len(rows) > asked.limit else None
    return rows[: asked.limit], following


def _listed(connection: Connection, statement: Select[Any], asked: Asked) -> Listed:
    rows, following = _rows(connection, statement, asked)
    return Listed([told(row) for row in rows], following)
