"""Incidents in the record, brought in line with its alerts: nothing twice, whenever it is cut off.

An incident keeps its number: links lead to it. Where two turn out to be one story, the later is
said to be merged into the earlier.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, or_, select, update

from slo.review.alert_store import ALERTS, EVIDENCE, read_facts
from slo.review.causes import named_cause
from slo.review.database import writing
from slo.review.models import Base, Incident
from slo.review.spans import spans_of
from slo.review.stories import Story, place_of, stories

INCIDENTS: Table = Base.metadata.tables[Incident.__tablename__]
MOST_KEYS = 500
"""In one question."""


def sync_incidents(engine: Engine, since_ms: int) -> int:
    """Work incidents out of alerts, and commit them; return how many.

    They are worked out of the alerts that began since a time, and of all alerts of the incidents
    that were not over then: one that fires for weeks ends once its end is told.

    Args:
        engine: of the record.
        since_ms: UNIX milliseconds. Alerts that began before make no new incidents.
    """
    ends = INCIDENTS.c.ended_at_ms
    lasting = select(INCIDENTS.c.id).where(or_(ends.is_(None), ends >= since_ms))
    with writing(engine) as connection:
        found = stories(spans_of(read_facts(connection, since_ms, of_incidents=lasting)))
        taken: set[int] = set()
        for story in found:
            _sync(connection, story, taken)
    return len(found)


def _sync(connection: Connection, story: Story, taken: set[int]) -> None:
    keys = sorted({key for span in story.spans for key in span.keys})
    known = {each.id: each for each in _incidents_of(connection, keys) if each.id not in taken}
    values: dict[str, Any] = {
        "started_at_ms": story.started_at_ms,
        "ended_at_ms": story.ended_at_ms,
        "severity": story.severity,
        "cause": named_cause(_evidence(connection, keys)),
        "labels": story.labels,
    }
    if known:
        first = known[min(known)]
        number = first.id
        values["started_at_ms"] = min(first.started_at_ms, story.started_at_ms)
        values["cause"] = values["cause"] or first.cause
        is_earlier = values["started_at_ms"] < first.started_at_ms
        if is_earlier or place_of(story.labels) != place_of(first.labels):
            values["spent_until"] = None  # its cells and steps were not all asked for
        connection.execute(update(INCIDENTS).where(INCIDENTS.c.id == number), values)
        for other in sorted(known)[1:]:
            merged = update(INCIDENTS).where(INCIDENTS.c.id == other)
            connection.execute(merged, {"merged_into": number})
    else:
        added = INCIDENTS.insert().returning(INCIDENTS.c.id)
        number = connection.execute(added, values).scalar_one()
    taken.update((number, *known))
    statement = update(ALERTS).where(ALERTS.c.id == bindparam("key"))
    statement = statement.where(
        ALERTS.c.incident_id.is_(None) | (ALERTS.c.incident_id != bindparam("number"))
    )
    rows = [{"key": key, "number": number, "incident_id": number} for key in keys]
    connection.execute(statement, rows)


def _incidents_of(connection: Connection, keys: list[str]) -> list[Any]:
    """Return the incidents that alerts are of, those that they were merged into instead."""
    numbers: set[int] = set()
    for some in _parts(keys):
        asked = select(ALERTS.c.incident_id).where(ALERTS.c.id.in_(some)).distinct()
        numbers |= {each for each in connection.execute(asked).scalars() if each is not None}
    found: dict[int, Any] = {}
    while numbers:
        rows = connection.execute(select(INCIDENTS).where(INCIDENTS.c.id.in_(numbers))).all()
        found |= {row.id: row for row in rows if row.merged_into is None}
        numbers = {row.merged_into for row in rows if row.merged_into is not None}
    return list(found.values())


def _evidence(connection: Connection, keys: list[str]) -> list[dict[str, str]]:
    rows: list[Any] = []
    for some in _parts(keys):
        rows += connection.execute(select(EVIDENCE).where(EVIDENCE.c.alert_id.in_(some))).all()
    ordered = sorted(rows, key=lambda row: (row.received_at, row.alert_id, row.id))
    return [row.annotations for row in ordered]


def _parts(keys: list[str]) -> Iterable[list[str]]:
    for start in range(0, len(keys), MOST_KEYS):
        yield keys[start : start + MOST_KEYS]
