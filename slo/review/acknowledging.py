"""Who took an incident, and when: people say so on its page, or PagerDuty tells it.

PagerDuty may tell it before Alertmanager has told of the alert: it is kept, and the incident is
looked for again once more is known.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, Table, or_, select, update

from slo import conventions as names
from slo.review import audit
from slo.review.alert_store import ALERTS, EVIDENCE, insert
from slo.review.audit import By
from slo.review.database import writing
from slo.review.facts import digest
from slo.review.incident_store import INCIDENTS
from slo.review.models import Acknowledgement, Base
from slo.review.pagerduty import Acknowledged
from slo.review.refusals import MissingError

ACKNOWLEDGEMENTS: Table = Base.metadata.tables[Acknowledgement.__tablename__]
LATE_SECONDS = 600
"""So long after its last alert has ended PagerDuty may show an incident as open, and so much sooner
than the alert its clock may have an acknowledgement."""
SOUGHT_SECONDS = 86_400
"""So long the incident of an acknowledgement is looked for."""
_KIND = "acknowledgement"
_CUT = ("...", "\u2026")
"""Ends of what was too long."""


def acknowledge(engine: Engine, number: int, by: By) -> tuple[str, bool]:
    """Commit that somebody takes an incident; return its key, and whether it is new.

    Raises:
        MissingError: if there is no such incident.
    """
    key = digest(["people", number, by.name])
    with writing(engine) as connection:
        asked = select(INCIDENTS.c.id).where(INCIDENTS.c.id == number)
        if connection.execute(asked).first() is None:
            raise MissingError(f"there is no incident {number}")
        values = {"at": by.now, "author": by.name, "told_by": "people", "title": "",
                  "incident_id": number}  # fmt: skip
        return key, _add(connection, key, values, by)


def take_acknowledgement(engine: Engine, told: Acknowledged, now: int) -> None:
    """Commit what PagerDuty told, at a time (UNIX seconds); told again it changes nothing."""
    with writing(engine) as connection:
        number = _incident_of(connection, told.title, told.at)
        values = {"at": told.at, "author": told.by, "told_by": "pagerduty", "title": told.title,
                  "incident_id": number}  # fmt: skip
        _add(connection, told.key, values, By(told.by, now))


def find_incidents(engine: Engine, now: int) -> int:
    """Look for the incidents of acknowledgements that have none; return how many were found."""
    table, found = ACKNOWLEDGEMENTS, 0
    sought = select(table).where(table.c.incident_id.is_(None), table.c.at > now - SOUGHT_SECONDS)
    with engine.connect() as connection:
        if connection.execute(sought).first() is None:
            return 0
    with writing(engine) as connection:
        for row in connection.execute(sought.order_by(table.c.id)).all():
            number = _incident_of(connection, row.title, row.at)
            if number is None:
                continue
            connection.execute(update(table).where(table.c.id == row.id), {"incident_id": number})
            before, after = ({"incident_id": each} for each in (None, number))
            subject = f"{_KIND} {row.id}"
            by = By(row.author, now)
            audit.note(connection, by, "edit", subject, before=before, after=after)
            found += 1
    return found


def _add(connection: Connection, key: str, values: dict[str, Any], by: By) -> bool:
    added = insert(connection, ACKNOWLEDGEMENTS).on_conflict_do_nothing()
    added = added.returning(ACKNOWLEDGEMENTS.c.id)
    is_new = connection.execute(added, {"id": key, **values}).first() is not None
    if is_new:
        audit.note(connection, by, "add", f"{_KIND} {key}", after=values)
    return is_new


def _incident_of(connection: Connection, title: str, at: int) -> int | None:
    """Return the incident that had a page of a title at a time; else the only one with a page."""
    begin, end = (at + LATE_SECONDS) * 1000, (at - LATE_SECONDS) * 1000
    ends = ALERTS.c.ends_at_ms
    asked = (
        select(ALERTS.c.incident_id, EVIDENCE.c.annotations)
        .join_from(ALERTS, EVIDENCE, EVIDENCE.c.alert_id == ALERTS.c.id, isouter=True)
        .where(ALERTS.c.incident_id.is_not(None), ALERTS.c.starts_at_ms <= begin)
        .where(or_(ends.is_(None), ends >= end))
        .where(ALERTS.c.labels[names.SEVERITY].as_string() == names.PAGE)
        .order_by(ALERTS.c.starts_at_ms.desc(), ALERTS.c.id)
    )
    rows = connection.execute(asked).all()
    for row in rows:
        if _is_called((row.annotations or {}).get("summary", ""), title):
            return int(row.incident_id)
    numbers = {row.incident_id for row in rows}
    return int(numbers.pop()) if len(numbers) == 1 else None


def _is_called(summary: str, title: str) -> bool:
    cut = next((end for end in _CUT if title.endswith(end)), None)
    return summary == title if cut is None else summary.startswith(title.removesuffix(cut))
