"""A service's history over a period, read out of the record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, or_, select

from slo import conventions as names
from slo.review.alert_store import ALERTS, read_facts
from slo.review.history import (
    CellHistory,
    Excluded,
    IncidentHistory,
    ObjectiveHistory,
    PageHistory,
    ServiceHistory,
)
from slo.review.incident_store import INCIDENTS
from slo.review.meeting import (
    read_actions,
    read_annotations,
    read_changes,
    read_decisions,
)
from slo.review.models import Base, MaintenanceWindow
from slo.review.reviewed_period import ReviewedPeriod
from slo.review.snapshot_store import CELLS, KNOWN, SNAPSHOTS, VERSIONS
from slo.review.spans import spans_of
from slo.review.spending import SPENT

HOUR = 3600
_MOST_BEFORE_SECONDS = 14 * 86_400
"""Alerts that began so long before a period may still be of an incident within it."""


def known_services(engine: Engine) -> list[str]:
    """Return the services that the record has objectives of, sorted."""
    with engine.connect() as connection:
        found = connection.execute(select(VERSIONS.c.service).distinct()).scalars()
        return sorted(found)


def read_history(
    engine: Engine, service: str, period: ReviewedPeriod, now: float
) -> ServiceHistory:
    """Return what the record has of a service over a period, up to now (UNIX seconds)."""
    with engine.connect() as connection:
        objectives = _objectives(connection, service, period, now)
        return ServiceHistory(
            service,
            objectives,
            _incidents(connection, service, period, now, objectives),
            _excluded(connection, period),
            read_changes(connection, period),
            read_actions(connection, service, period),
            read_decisions(connection, service, period),
            read_annotations(connection, period),
        )


def _objectives(
    connection: Connection, service: str, period: ReviewedPeriod, now: float
) -> tuple[ObjectiveHistory, ...]:
    order = VERSIONS.c.slo, VERSIONS.c.valid_from
    asked = select(VERSIONS).where(VERSIONS.c.service == service).order_by(*order)
    versions: dict[str, list[Any]] = {}
    for row in connection.execute(asked):
        versions.setdefault(row.slo, []).append(row)
    end = min(period.end, int(now) // HOUR * HOUR)
    within = (KNOWN.c.service == service) & (KNOWN.c.at > period.start) & (KNOWN.c.at <= end)
    hours: dict[str, dict[int, int]] = {}
    for row in connection.execute(select(KNOWN).where(within)):
        hours.setdefault(row.slo, {})[row.at] = row.version_id
    cells = _cells(connection, service, period, versions, hours)
    found = []
    for slo, every in versions.items():
        first = max(period.start, every[0].valid_from - HOUR)
        there = [each for each in every if each.valid_from <= period.end]
        if not there or first >= end:
            continue
        inside = [each for each in there[:-1] if there[-1].valid_from > period.start]
        found.append(
            ObjectiveHistory(
                slo,
                service,
                there[-1].target,
                tuple(
                    (each.valid_from, each.target)
                    for each in inside
                    if each.target != there[-1].target
                ),
                there[-1].period_seconds,
                (end - first) // HOUR,
                len(hours.get(slo, ())),
                tuple(cells.get(slo, ())),
            )
        )
    return tuple(found)


def _cells(
    connection: Connection,
    service: str,
    period: ReviewedPeriod,
    versions: Mapping[str, Sequence[Any]],
    hours: Mapping[str, Mapping[int, int]],
) -> dict[str, list[CellHistory]]:
    of_it = CELLS.c.service == service
    snapshots = _columns(connection, SNAPSHOTS, of_it, period)
    steps = _columns(connection, SPENT, of_it, period)
    budgets = {
        each.id: float(1 - Decimal(each.target)) for many in versions.values() for each in many
    }
    found: dict[str, list[CellHistory]] = {}
    for cell in connection.execute(select(CELLS).where(of_it).order_by(CELLS.c.id)):
        rows, own = snapshots.get(cell.id, []), steps.get(cell.id, [])
        if not rows and not own:
            continue
        known = hours.get(cell.slo, {})
        rows = [row for row in rows if row.at in known]
        left = [row.budget_remaining for row in rows]
        found.setdefault(cell.slo, []).append(
            CellHistory(
                cell.id,
                cell.labels,
                np.array([row.at for row in rows], np.int64),
                _floats([row.events_bad for row in rows]),
                _floats([row.events for row in rows]),
                _floats([row.coverage for row in rows]),
                _floats([budgets[known[row.at]] for row in rows]),
                left[-1] if left else None,
                np.array([row.at for row in own], np.int64),
                _floats([row.events_bad for row in own]),
                _floats([row.events for row in own]),
            )
        )
    return found


def _columns(
    connection: Connection, table: Any, of_it: Any, period: ReviewedPeriod
) -> dict[str, list[Any]]:
    """Return the rows of a period, by cell and in the order of time."""
    asked = (
        select(table)
        .join(CELLS, CELLS.c.id == table.c.cell_id)
        .where(of_it, table.c.at > period.start, table.c.at <= period.end)
        .order_by(table.c.cell_id, table.c.at)
    )
    found: dict[str, list[Any]] = {}
    for row in connection.execute(asked):
        found.setdefault(row.cell_id, []).append(row)
    return found


def _incidents(
    connection: Connection,
    service: str,
    period: ReviewedPeriod,
    now: float,
    objectives: Sequence[ObjectiveHistory],
) -> tuple[IncidentHistory, ...]:
    """Return the incidents that touch a period and a place of the service."""
    end_ms, start_ms = period.end * 1000, period.start * 1000
    ends = INCIDENTS.c.ended_at_ms
    asked = select(INCIDENTS).where(
        INCIDENTS.c.merged_into.is_(None),
        INCIDENTS.c.started_at_ms < end_ms,
        or_(ends.is_(None), ends > start_ms),
    )
    rows = connection.execute(asked.order_by(INCIDENTS.c.started_at_ms, INCIDENTS.c.id)).all()
    of_alert = dict(
        tuple(row)
        for row in connection.execute(
            select(ALERTS.c.id, ALERTS.c.incident_id).where(ALERTS.c.incident_id.is_not(None))
        )
    )
    earliest = min((row.started_at_ms for row in rows), default=start_ms)
    facts = read_facts(connection, min(earliest, start_ms) - _MOST_BEFORE_SECONDS * 1000)
    alerts: dict[int, list[Any]] = {}
    for span in spans_of(facts):
        number = next((of_alert[key] for key in span.keys if key in of_alert), None)
        if number is not None:
            alerts.setdefault(number, []).append(span)
    found = []
    for row in rows:
        own = alerts.get(row.id, [])
        if not _concerns(row.labels, own, service, objectives):
            continue
        pages = tuple(
            PageHistory(
                each.labels.get(names.ALERTNAME, ""),
                each.labels,
                each.starts_at_ms / 1000,
                min(each.end / 1000, now) if math.isfinite(each.end) else math.inf,
            )
            for each in own
            if each.labels.get(names.SEVERITY) == names.PAGE
            and each.labels.get(names.SERVICE, service) == service
            and start_ms <= each.starts_at_ms < end_ms
        )
        revisions = sorted({each.labels["revision"] for each in own if each.labels.get("revision")})
        found.append(
            IncidentHistory(
                row.id,
                row.started_at_ms / 1000,
                math.inf if row.ended_at_ms is None else row.ended_at_ms / 1000,
                row.severity,
                row.cause,
                row.labels,
                revisions[0] if len(revisions) == 1 else "",
                pages,
            )
        )
    return tuple(found)


def _concerns(
    labels: Mapping[str, str],
    spans: Sequence[Any],
    service: str,
    objectives: Sequence[ObjectiveHistory],
) -> bool:
    services = {each.labels[names.SERVICE] for each in spans if each.labels.get(names.SERVICE)}
    if services:
        return service in services
    return any(cell.is_at(labels) for each in objectives for cell in each.cells)


def _excluded(connection: Connection, period: ReviewedPeriod) -> tuple[Excluded, ...]:
    table = Base.metadata.tables[MaintenanceWindow.__tablename__]
    touches = (table.c.starts_at < period.end) & (table.c.ends_at > period.start)
    rows = connection.execute(select(table).where(touches).order_by(table.c.starts_at, table.c.id))
    return tuple(Excluded(row.starts_at, row.ends_at, row.labels, row.reason) for row in rows)


def _floats(values: Sequence[float | None]) -> Any:
    """Return an array in which what nobody knew is 0: of events none, and of coverage none."""
    return np.array([0.0 if each is None else each for each in values], np.float64)
