"""Hours written into the record: what Prometheus told of them, once and for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, or_, select

from slo.review.alert_store import insert
from slo.review.database import writing
from slo.review.days import take_back_days
from slo.review.hours import Hours, Name, Promise
from slo.review.models import AskedHour, Base, Cell, KnownHour, ObjectiveVersion, Snapshot

ASKED: Table = Base.metadata.tables[AskedHour.__tablename__]
CELLS: Table = Base.metadata.tables[Cell.__tablename__]
KNOWN: Table = Base.metadata.tables[KnownHour.__tablename__]
SNAPSHOTS: Table = Base.metadata.tables[Snapshot.__tablename__]
VERSIONS: Table = Base.metadata.tables[ObjectiveVersion.__tablename__]
_COLUMNS = [each.name for each in SNAPSHOTS.c]


AGAIN_SECONDS = 3600
"""After which an hour that nobody knew is asked for again: its history may have been written."""
FORGET_SECONDS = 7 * 86_400
"""An hour that is older stays unknown."""


def asked_hours(engine: Engine, now: float) -> list[int]:
    """Return the hours that need not be asked about (again) now; all in UNIX seconds."""
    is_done = or_(
        ASKED.c.objectives > 0,
        ASKED.c.asked_at > now - AGAIN_SECONDS,
        ASKED.c.at < now - FORGET_SECONDS,
    )
    with engine.connect() as connection:
        asked = select(ASKED.c.at).where(is_done).order_by(ASKED.c.at)
        return list(connection.execute(asked).scalars())


def first_hour(engine: Engine, now: float) -> int:
    """Return the first hour that was asked for; now, if none was. All in UNIX seconds."""
    with engine.connect() as connection:
        first = connection.execute(select(func.min(ASKED.c.at))).scalar()
    return int(now) if first is None else int(first)


def write_hours(engine: Engine, asked: Sequence[int], hours: Hours, now: int) -> None:
    """Commit what was told of some hours, all of it or nothing; what is there stays as it is.

    Args:
        engine: of the record.
        asked: hours, UNIX seconds, of which nothing else is known than ``hours`` tells.
        hours: what was told.
        now: UNIX seconds.
    """
    with writing(engine) as connection:
        take_back_days(connection, asked)
        for name, promises in sorted(hours.promises.items()):
            _write_promises(connection, name, promises)
        told = [
            {"id": key, "slo": slo, "service": service, "labels": dict(labels)}
            for key, ((slo, service), labels) in sorted(hours.cells.items())
        ]
        _add(connection, CELLS, told)
        empty = dict.fromkeys(_COLUMNS)
        rows = [
            {**empty, **values, "cell_id": key, "at": at}
            for (key, at), values in sorted(hours.values.items())
        ]
        _add(connection, SNAPSHOTS, rows)
        counts = {at: sum(at in each for each in hours.promises.values()) for at in asked}
        statement = insert(connection, ASKED)
        statement = statement.on_conflict_do_update(
            index_elements=[ASKED.c.at],
            set_={"objectives": statement.excluded.objectives, "asked_at": now},
            where=ASKED.c.objectives <= statement.excluded.objectives,
        )
        found = [{"at": at, "asked_at": now, "objectives": counts[at]} for at in sorted(counts)]
        if found:
            connection.execute(statement, found)


def _write_promises(connection: Connection, name: Name, promises: dict[int, Promise]) -> None:
    """Write an objective's hours, each with the version that it was of."""
    slo, service = name
    rows = []
    version: int | None = None
    last: Promise | None = None
    for at, promise in sorted(promises.items()):
        if version is None or promise != last:
            version, last = _version(connection, name, at, promise), promise
        rows.append({"slo": slo, "service": service, "at": at, "version_id": version})
    _add(connection, KNOWN, rows)


def _version(connection: Connection, name: Name, at: int, promise: Promise) -> int:
    """Return the version of an objective at an hour; a new one, if it promised something else.

    Hours may be told in any order: an earlier one with the same promise moves a version's beginning
    back to itself.
    """
    slo, service = name
    of_it = (VERSIONS.c.slo == slo) & (VERSIONS.c.service == service)
    versions = connection.execute(select(VERSIONS).where(of_it).order_by(VERSIONS.c.valid_from))
    before, after = None, None
    for row in versions:
        if row.valid_from <= at:
            before = row
        elif after is None:
            after = row
    if before is not None and _promise(before) == promise:
        return int(before.id)
    if after is not None and _promise(after) == promise:
        moved = VERSIONS.update().where(VERSIONS.c.id == after.id)
        if before is None or before.valid_from != at:
            connection.execute(moved, {"valid_from": at})
        return int(after.id)
    added = VERSIONS.insert().returning(VERSIONS.c.id)
    values: dict[str, Any] = {
        "slo": slo,
        "service": service,
        "valid_from": at,
        "target": promise.target,
        "period_seconds": promise.period_seconds,
        "fingerprint": promise.fingerprint,
    }
    return int(connection.execute(added, values).scalar_one())


def _promise(row: Any) -> Promise:
    return Promise(row.target, row.period_seconds, row.fingerprint)


def _add(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Add rows that are not there."""
    if rows:
        connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)
