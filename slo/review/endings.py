"""Objectives that ended: they were renamed or retired, and their later hours are not unknown."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from slo.review.snapshot_store import ASKED, KNOWN, VERSIONS

ENDED_HOURS = 24
"""So many hours of others were told since, and none of it; rules that are late are not so late."""


def ends_of(connection: Connection, service: str, now: float) -> dict[str, int]:
    """Return the last hour of each objective of a service that has ended, UNIX seconds.

    An objective that is told of again has not ended: what lies between is unknown.

    Args:
        connection: to the record.
        service: of the objectives.
        now: UNIX seconds; what was told of later hours is not looked at.
    """
    told = select(ASKED.c.at).where(ASKED.c.objectives > 0, ASKED.c.at <= now)
    told = told.order_by(ASKED.c.at.desc()).offset(ENDED_HOURS - 1).limit(1)
    latest = connection.execute(told).scalar()
    if latest is None:
        return {}
    is_of_it = (KNOWN.c.slo == VERSIONS.c.slo) & (KNOWN.c.service == VERSIONS.c.service)
    last = select(func.max(KNOWN.c.at)).where(is_of_it, KNOWN.c.at <= now).scalar_subquery()
    asked = select(VERSIONS.c.slo, last).where(VERSIONS.c.service == service)
    return {slo: at for slo, at in connection.execute(asked) if at is not None and at < latest}
