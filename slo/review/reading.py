"""A service's history over a period, read out of the record."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, func, or_, select

from slo import conventions as names
from slo.review.alert_store import ALERTS, read_facts
from slo.review.audit import NO_CHANGES, Since
from slo.review.cells import read_cells
from slo.review.days import OBJECTIVE_DAYS, Parts, parts_of
from slo.review.endings import ends_of
from slo.review.history import (
    Excluded,
    IncidentHistory,
    ObjectiveHistory,
    PageHistory,
    ServiceHistory,
)
from slo.review.hours import HOUR
from slo.review.incident_store import INCIDENTS
from slo.review.meeting import (
    read_acknowledged,
    read_actions,
    read_annotations,
    read_changes,
    read_decisions,
    read_excluded,
)
from slo.review.reviewed_period import ReviewedPeriod
from slo.review.snapshot_store import KNOWN, VERSIONS
from slo.review.spans import spans_of
from slo.steps import Times

_MOST_BEFORE_SECONDS = 14 * 86_400
"""Alerts that began so long before a period may still be of an incident within it."""


def known_services(engine: Engine) -> list[str]:
    """Return the services that the record has objectives of, sorted."""
    with engine.connect() as connection:
        found = connection.execute(select(VERSIONS.c.service).distinct()).scalars()
        return sorted(found)


def record_begins(connection: Connection, service: str) -> int | None:
    """Return since when the record has an objective of a service; None if it has none."""
    asked = select(func.min(VERSIONS.c.valid_from)).where(VERSIONS.c.service == service)
    first = connection.execute(asked).scalar()
    return None if first is None else int(first) - HOUR


def read_history(
    engine: Engine, service: str, period: ReviewedPeriod, now: float, since: Since = NO_CHANGES
) -> ServiceHistory:
    """Return what the record has of a service over a period, up to now (UNIX seconds).

    What people changed is taken back as :mod:`slo.review.audit` says.
    """
    with engine.connect() as connection:
        excluded = read_excluded(connection, period, since)
        objectives = _objectives(connection, service, period, now, excluded)
        into = _merged(connection)
        acknowledged = _acknowledged(connection, now, since, into)
        incidents = _incidents(
            connection, service, period, now, objectives, acknowledged=acknowledged
        )
        numbers = {each.number for each in incidents}
        numbers |= {number for number in into if _story_of(number, into) in numbers}
        return ServiceHistory(
            service,
            objectives,
            incidents,
            excluded,
            read_changes(connection, period, since),
            read_actions(connection, service, period, since),
            read_decisions(connection, service, period),
            read_annotations(connection, service, period, numbers, since),
        )


def read_budgets(
    engine: Engine, service: str, period: ReviewedPeriod, now: float, since: Since = NO_CHANGES
) -> ServiceHistory:
    """Return what a trend takes of a period: objectives and maintenance, no more."""
    with engine.connect() as connection:
        excluded = read_excluded(connection, period, since)
        objectives = _objectives(connection, service, period, now, excluded)
        return ServiceHistory(service, objectives, (), excluded)


def _objectives(
    connection: Connection,
    service: str,
    period: ReviewedPeriod,
    now: float,
    excluded: Sequence[Excluded],
) -> tuple[ObjectiveHistory, ...]:
    order = VERSIONS.c.slo, VERSIONS.c.valid_from
    asked = select(VERSIONS).where(VERSIONS.c.service == service).order_by(*order)
    versions: dict[str, list[Any]] = {}
    for row in connection.execute(asked):
        versions.setdefault(row.slo, []).append(row)
    end = min(period.end, int(now) // HOUR * HOUR)
    parts = parts_of(connection, period.start, end, [(x.starts_at, x.ends_at) for x in excluded])
    known_hours = _known_hours(connection, service, list(versions), parts)
    in_maintenance = _known_in_maintenance(connection, service, excluded, period.start, end)
    cells = read_cells(connection, service, period, versions, last_hour=end, parts=parts)
    ended = ends_of(connection, service, now)
    found = []
    for slo, every in versions.items():
        first = max(period.start, every[0].valid_from - HOUR)
        last = min(end, ended.get(slo, end))
        there = [each for each in every if each.valid_from <= period.end]
        if not there or first >= last:
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
                first,
                (last - first) // HOUR,
                known_hours[slo],
                in_maintenance.get(slo, np.empty(0, np.int64)),
                tuple(cells.get(slo, ())),
            )
        )
    return tuple(found)


def _known_hours(
    connection: Connection, service: str, slos: Sequence[str], parts: Parts
) -> Counter[str]:
    """Return at how many hours the rules of each objective ran."""
    days, at = OBJECTIVE_DAYS.c, KNOWN.c.at
    of_days = select(days.slo, func.sum(days.known_hours)).where(days.service == service)
    asked = [of_days.where(parts.of_days(days.at)).group_by(days.slo)]
    for begin, end in parts.hours:
        counted = select(KNOWN.c.slo, func.count()).where(KNOWN.c.service == service)
        counted = counted.where(KNOWN.c.slo.in_(slos), at > begin, at <= end)
        asked.append(counted.group_by(KNOWN.c.slo))
    found: Counter[str] = Counter()
    for each in asked:
        found.update({slo: int(count) for slo, count in connection.execute(each)})
    return found


def _known_in_maintenance(
    connection: Connection, service: str, excluded: Sequence[Excluded], start: int, end: int
) -> dict[str, Times]:
    """Return at which hours that maintenance touches the rules of each objective ran."""
    found: dict[str, set[int]] = {}
    for window in excluded:
        hours = window.hours(start, end)
        if not hours.size:
            continue
        within = KNOWN.c.at.between(int(hours[0]), int(hours[-1]))
        asked = select(KNOWN.c.slo, KNOWN.c.at).where(KNOWN.c.service == service, within)
        for slo, at in connection.execute(asked):
            found.setdefault(slo, set()).add(at)
    return {slo: np.array(sorted(hours), np.int64) for slo, hours in found.items()}


def _incidents(
    connection: Connection,
    service: str,
    period: ReviewedPeriod,
    now: float,
    objectives: Sequence[ObjectiveHistory],
    *,
    acknowledged: Mapping[int, int],
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
        paging = [
            each
            for each in own
            if each.labels.get(names.SEVERITY) == names.PAGE
            and each.labels.get(names.SERVICE, service) == service
        ]
        pages = tuple(
            PageHistory(
                each.labels.get(names.ALERTNAME, ""),
                each.labels,
                each.starts_at_ms / 1000,
                min(each.end / 1000, now) if math.isfinite(each.end) else math.inf,
            )
            for each in paging
            if start_ms <= each.starts_at_ms < end_ms
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
                any(each.starts_at_ms < start_ms < each.end for each in paging),
                acknowledged.get(row.id),
            )
        )
    return tuple(found)


def _merged(connection: Connection) -> dict[int, int]:
    """Return the incidents that turned out to be of others' stories, and of which."""
    asked = select(INCIDENTS.c.id, INCIDENTS.c.merged_into)
    found = connection.execute(asked.where(INCIDENTS.c.merged_into.is_not(None)))
    return {row[0]: row[1] for row in found}


def _story_of(number: int, into: Mapping[int, int]) -> int:
    """Return the incident in which an incident's story goes on; its own number, if it does."""
    while number in into:
        number = into[number]
    return number


def _acknowledged(
    connection: Connection, now: float, since: Since, into: Mapping[int, int]
) -> dict[int, int]:
    """Return when each incident was taken first, those among them that became part of its story."""
    found: dict[int, int] = {}
    for number, at in read_acknowledged(connection, since).items():
        story = _story_of(number, into)
        if at <= now:
            found[story] = min(at, found.get(story, at))
    return found


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
