"""Days of cells, added up from their hours: reports and pages read months of them, not of hours.

A day is added up once its last hour was asked for, from the hours that are in the record; whoever
writes an hour later takes the day back, and it is added up again. What is not in ``added_days`` is
read hour by hour: so nothing depends on when it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Engine,
    Numeric,
    Table,
    case,
    cast,
    func,
    select,
)

from slo.review.alert_store import insert
from slo.review.database import writing
from slo.review.models import AddedDay, AskedHour, Base, Cell, CellDay, KnownHour, ObjectiveVersion
from slo.review.models import Snapshot as SnapshotRow

DAY = 86_400
ADDED: Table = Base.metadata.tables[AddedDay.__tablename__]
CELL_DAYS: Table = Base.metadata.tables[CellDay.__tablename__]
MOST_DAYS = 30
"""Added up in one go: each takes up to half a second of 4,000 cells."""
_ASKED: Table = Base.metadata.tables[AskedHour.__tablename__]
_CELLS: Table = Base.metadata.tables[Cell.__tablename__]
_KNOWN: Table = Base.metadata.tables[KnownHour.__tablename__]
_SNAPSHOTS: Table = Base.metadata.tables[SnapshotRow.__tablename__]
_VERSIONS: Table = Base.metadata.tables[ObjectiveVersion.__tablename__]


@dataclass(frozen=True)
class Parts:
    """A stretch of time: days that are added up, and what is to be read hour by hour."""

    first: int
    """The end of the first day, UNIX seconds."""
    last: int
    """The end of the last one, included."""
    without: tuple[int, ...]
    """Ends of the days between that are not added up, or not wanted so."""
    hours: tuple[tuple[int, int], ...]
    """The rest: after the first of each, up to the second. Read one by one: of alternatives SQLite
    would walk through all hours of a cell."""

    def of_days(self, at: Any) -> ColumnElement[bool]:
        """Return which of the column ``at`` of days are meant."""
        within: ColumnElement[bool] = at.between(self.first, self.last)
        return within & at.not_in(self.without) if self.without else within


def parts_of(
    connection: Connection, start: int, end: int, touched: Iterable[tuple[int, int]] = ()
) -> Parts:
    """Return how the time after ``start`` and up to ``end`` is read.

    Args:
        connection: to the record.
        start: UNIX seconds.
        end: likewise, included.
        touched: stretches whose days are read hour by hour: of maintenance.
    """
    first, last = -(-start // DAY) * DAY + DAY, end // DAY * DAY
    asked = select(ADDED.c.at).where(ADDED.c.at.between(first, last))
    added = set(connection.execute(asked).scalars())
    for begin, until in touched:
        added.difference_update(
            range(max(begin // DAY * DAY + DAY, first), min(until + DAY, last + 1), DAY)
        )
    hours: list[tuple[int, int]] = []
    begin = start
    for day in sorted(added):
        if begin < day - DAY:
            hours.append((begin, day - DAY))
        begin = day
    if begin < end:
        hours.append((begin, end))
    without = (day for day in range(first, last + 1, DAY) if day not in added)
    return Parts(first, last, tuple(without), tuple(hours))


def add_days(engine: Engine, most: int = MOST_DAYS) -> int:
    """Add up days that are over and are not added up, each in a transaction of its own.

    Args:
        engine: of the record.
        most: so many at most; the rest is for the next time.

    Returns:
        How many were.
    """
    is_over = (_ASKED.c.at % DAY == 0) & _ASKED.c.at.not_in(select(ADDED.c.at))
    with engine.connect() as connection:
        asked = select(_ASKED.c.at).where(is_over).order_by(_ASKED.c.at.desc()).limit(most)
        wanted = list(connection.execute(asked).scalars())
    for at in wanted:
        with writing(engine) as connection:
            connection.execute(_adding(connection, at, at))
            connection.execute(insert(connection, ADDED).on_conflict_do_nothing(), {"at": at})
    return len(wanted)


def take_back_days(connection: Connection, hours: Sequence[int]) -> None:
    """Have the days of some hours (UNIX seconds) added up again, for these are written now."""
    days = {-(-at // DAY) * DAY for at in hours}
    if days:
        connection.execute(ADDED.delete().where(ADDED.c.at.in_(sorted(days))))


def _adding(connection: Connection, first: int, last: int) -> Any:
    """Return the statement that adds up the days that end from ``first`` to ``last``."""
    bad, total = (
        func.coalesce(_SNAPSHOTS.c[name], 0.0, type_=Double) for name in ("events_bad", "events")
    )
    covered = _SNAPSHOTS.c.coverage
    lost = case((covered >= 1, 0.0), (covered > 0, 1.0 - covered), else_=1.0)
    # As a Decimal would have it: 1 - 0.999 is 0.001, and not the next double but three.
    budget: Any = (
        func.round(1 - cast(_VERSIONS.c.target, Double), 15)
        if connection.dialect.name == "sqlite"
        else cast(1 - cast(_VERSIONS.c.target, Numeric), Double)
    )
    day = (_SNAPSHOTS.c.at + (DAY - 1)) // DAY * DAY
    sums = (
        select(
            _SNAPSHOTS.c.cell_id,
            day.label("day"),
            func.count(),
            func.sum(lost),
            func.sum(bad),
            func.sum(total),
            func.sum(total * budget),
            func.sum(case((bad > budget * total, bad), else_=0.0)),
        )
        .join_from(_SNAPSHOTS, _CELLS, _CELLS.c.id == _SNAPSHOTS.c.cell_id)
        .join(
            _KNOWN,
            (_KNOWN.c.slo == _CELLS.c.slo)
            & (_KNOWN.c.service == _CELLS.c.service)
            & (_KNOWN.c.at == _SNAPSHOTS.c.at),
        )
        .join(_VERSIONS, _VERSIONS.c.id == _KNOWN.c.version_id)
        .where(_SNAPSHOTS.c.at > first - DAY, _SNAPSHOTS.c.at <= last)
        .group_by(_SNAPSHOTS.c.cell_id, day)
    )
    adding = insert(connection, CELL_DAYS).from_select([each.name for each in CELL_DAYS.c], sums)
    new = {each.name: adding.excluded[each.name] for each in CELL_DAYS.c if not each.primary_key}
    return adding.on_conflict_do_update(
        index_elements=[CELL_DAYS.c.cell_id, CELL_DAYS.c.at], set_=new
    )
