"""A service's history over a period, read out of the record."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, func, or_, select

from slo import conventions as names
from slo.review.alert_store import ALERTS, read_facts
from slo.review.audit import NO_CHANGES, Since
from slo.review.history import (
    CellHistory,
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
    read_excluded,
)
from slo.review.reviewed_period import ReviewedPeriod
from slo.review.snapshot_store import CELLS, KNOWN, SNAPSHOTS, VERSIONS
from slo.review.spans import spans_of
from slo.review.spending import SPENT
from slo.steps import Floats, Times
from slo.tiling import STEP_SECONDS as STEP

HOUR = 3600
_HOUR_COLUMNS = ("at", "events_bad", "events", "coverage", "budget_remaining")
_STEP_COLUMNS = ("at", "events_bad", "events")
_MOST_BEFORE_SECONDS = 14 * 86_400
"""Alerts that began so long before a period may still be of an incident within it."""


def known_services(engine: Engine) -> list[str]:
    """Return the services that the record has objectives of, sorted."""
    with engine.connect() as connection:
        found = connection.execute(select(VERSIONS.c.service).distinct()).scalars()
        return sorted(found)


def read_history(
    engine: Engine, service: str, period: ReviewedPeriod, now: float, since: Since = NO_CHANGES
) -> ServiceHistory:
    """Return what the record has of a service over a period, up to now (UNIX seconds).

    What people changed is taken back as :mod:`slo.review.audit` says.
    """
    with engine.connect() as connection:
        objectives = _objectives(connection, service, period, now)
        return ServiceHistory(
            service,
            objectives,
            _incidents(connection, service, period, now, objectives),
            read_excluded(connection, period, since),
            read_changes(connection, period, since),
            read_actions(connection, service, period, since),
            read_decisions(connection, service, period),
            read_annotations(connection, period, since),
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
    counted = select(KNOWN.c.slo, func.count()).where(within).group_by(KNOWN.c.slo)
    known_hours = {row[0]: row[1] for row in connection.execute(counted)}
    cells = _cells(connection, service, period, versions, end)
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
                known_hours.get(slo, 0),
                tuple(cells.get(slo, ())),
            )
        )
    return tuple(found)


def _cells(
    connection: Connection,
    service: str,
    period: ReviewedPeriod,
    versions: Mapping[str, Sequence[Any]],
    last_hour: int,
) -> dict[str, list[CellHistory]]:
    of_it = CELLS.c.service == service
    over = ReviewedPeriod(period.name, period.start, last_hour)
    snapshots = _columns(connection, SNAPSHOTS, of_it, over, _HOUR_COLUMNS)
    steps = _columns(connection, SPENT, of_it, period, _STEP_COLUMNS)
    found: dict[str, list[CellHistory]] = {}
    for cell in connection.execute(select(CELLS).where(of_it).order_by(CELLS.c.id)):
        if cell.id not in snapshots and cell.id not in steps:
            continue
        own = steps.get(cell.id, _none(_STEP_COLUMNS))
        full = snapshots.get(cell.id, _none(_HOUR_COLUMNS))
        running = _running_hour(own, full[0, -1] if full.size else last_hour)
        own = own[:, _is_counted(own[0], full[0], running)]
        told = np.hstack([full, running])
        at, bad, total, coverage, left = told
        step_at, step_bad, step_total = own
        left = left[~np.isnan(left)]
        hours = at.astype(np.int64)
        found.setdefault(cell.slo, []).append(
            CellHistory(
                cell.id,
                cell.labels,
                hours,
                # Of events that nobody knew there were none, and no coverage.
                np.nan_to_num(bad),
                np.nan_to_num(total),
                np.nan_to_num(coverage),
                _budgets(versions[cell.slo], hours),
                float(left[-1]) if left.size else None,
                step_at.astype(np.int64),
                step_bad,
                step_total,
            )
        )
    return found


def _is_counted(steps: Floats, hours: Floats, running: Floats) -> Any:
    """Return which steps are of an hour that is counted: no part without its whole."""
    is_full = np.isin(np.ceil(steps / HOUR) * HOUR, hours)
    if not running.size:
        return is_full
    last = hours[-1] if hours.size else running[0, 0] - HOUR
    return is_full | ((steps > last) & (steps <= running[0, 0]))


def _running_hour(steps: Floats, last_hour: float) -> Floats:
    """Return what steps tell of the hour after the last, as :data:`_HOUR_COLUMNS`, shape (5, 1).

    Only where they tell all of it up to the last of them, as during an incident; else shape (5, 0).
    """
    later = steps[:, steps[0] > last_hour]
    count = later.shape[1]
    if not count or later[0, -1] != last_hour + count * STEP or count >= HOUR // STEP:
        return _none(_HOUR_COLUMNS)
    at, bad, total = later[0, -1], later[1].sum(), later[2].sum()
    return np.array([[at], [bad], [total], [1.0], [np.nan]])


def _budgets(versions: Sequence[Any], at: Times) -> Floats:
    """Return the share of events that might be bad at each hour, by the version of its time."""
    begins = np.array([each.valid_from for each in versions], np.int64)
    budgets = np.array([float(1 - Decimal(each.target)) for each in versions])
    return budgets[np.maximum(np.searchsorted(begins, at, side="right") - 1, 0)]


def _columns(
    connection: Connection, table: Any, of_it: Any, period: ReviewedPeriod, names_: Sequence[str]
) -> dict[str, Floats]:
    """Return some columns of a period, shape (columns, rows), by cell and in the order of time."""
    columns = [table.c[name] for name in ("cell_id", *names_)]
    asked = (
        select(*columns)
        .where(
            table.c.cell_id.in_(select(CELLS.c.id).where(of_it)),
            table.c.at > period.start,
            table.c.at <= period.end,
        )
        .order_by(table.c.cell_id, table.c.at)
    )
    rows = connection.execute(asked).all()
    if not rows:
        return {}
    cells, *values = zip(*rows, strict=True)
    table_of_all = np.array(values, np.float64)
    keys = list(dict.fromkeys(cells))
    counted = Counter(cells)
    bounds = np.cumsum([0, *(counted[key] for key in keys)])
    return {
        key: table_of_all[:, begin:end]
        for key, begin, end in zip(keys, bounds[:-1], bounds[1:], strict=True)
    }


def _none(names_: Sequence[str]) -> Floats:
    return np.empty((len(names_), 0))


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
                _end(row.ended_at_ms, now),
                row.severity,
                row.cause,
                row.labels,
                revisions[0] if len(revisions) == 1 else "",
                pages,
            )
        )
    return tuple(found)


def _end(ended_at_ms: int | None, now: float) -> float:
    """Return when an incident ended, UNIX seconds; infinite for what lasted still at that time."""
    is_over = ended_at_ms is not None and ended_at_ms <= now * 1000
    return ended_at_ms / 1000 if is_over and ended_at_ms is not None else math.inf


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
