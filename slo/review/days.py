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
    literal,
    select,
    true,
)

from slo.review.alert_store import insert
from slo.review.database import writing
from slo.review.hours import HOUR
from slo.review.models import (
    AddedDay,
    AskedHour,
    Base,
    Cell,
    CellDay,
    KnownHour,
    ObjectiveDay,
    ObjectiveVersion,
)
from slo.review.models import Snapshot as SnapshotRow

DAY = 86_400
ADDED: Table = Base.metadata.tables[AddedDay.__tablename__]
CELL_DAYS: Table = Base.metadata.tables[CellDay.__tablename__]
OBJECTIVE_DAYS: Table = Base.metadata.tables[ObjectiveDay.__tablename__]
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

    What is before the first hour that was asked for, or after the last one, is not read at all:
    to look for nothing takes as long as to find it.

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
    every = (select(of(_ASKED.c.at)).scalar_subquery() for of in (func.min, func.max))
    first_asked, last_asked = connection.execute(select(*every)).one()
    if first_asked is None:
        return Parts(first, last, tuple(range(first, last + 1, DAY)), ())
    begin, end = max(start, first_asked - HOUR), min(end, last_asked)
    hours: list[tuple[int, int]] = []
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
            connection.execute(_adding(connection, at))
            connection.execute(_adding_objectives(connection, at))
            connection.execute(insert(connection, ADDED).on_conflict_do_nothing(), {"at": at})
    return len(wanted)


def take_back_days(connection: Connection, hours: Sequence[int]) -> None:
    """Have the days of some hours (UNIX seconds) added up again, for these are written now."""
    days = {-(-at // DAY) * DAY for at in hours}
    if days:
        connection.execute(ADDED.delete().where(ADDED.c.at.in_(sorted(days))))


def _adding(connection: Connection, at: int) -> Any:
    """Return the statement that adds up the day of all cells that ends then."""
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
    told = _SNAPSHOTS.alias()
    left = (
        select(told.c.budget_remaining)
        .where(told.c.cell_id == _SNAPSHOTS.c.cell_id, told.c.budget_remaining.is_not(None))
        .where(told.c.at > at - DAY, told.c.at <= at)
        .order_by(told.c.at.desc())
        .limit(1)
        .scalar_subquery()
    )
    sums = (
        select(
            literal(at),
            _SNAPSHOTS.c.cell_id,
            func.count(),
            func.sum(lost),
            func.sum(bad),
            func.sum(total),
            func.sum(total * budget),
            func.sum(case((bad > budget * total, bad), else_=0.0)),
            left,
        )
        .join_from(_SNAPSHOTS, _CELLS, _CELLS.c.id == _SNAPSHOTS.c.cell_id)
        .join(
            _KNOWN,
            (_KNOWN.c.slo == _CELLS.c.slo)
            & (_KNOWN.c.service == _CELLS.c.service)
            & (_KNOWN.c.at == _SNAPSHOTS.c.at),
        )
        .join(_VERSIONS, _VERSIONS.c.id == _KNOWN.c.version_id)
        .where(_SNAPSHOTS.c.at > at - DAY, _SNAPSHOTS.c.at <= at)
        .group_by(_SNAPSHOTS.c.cell_id)
    )
    return _upsert(connection, CELL_DAYS, sums)


def _adding_objectives(connection: Connection, at: int) -> Any:
    """Return the statement that adds up that day of all objectives, of their cells."""
    every = select(_VERSIONS.c.service, _VERSIONS.c.slo).distinct().subquery()
    known = (
        select(func.count())
        .where(_KNOWN.c.slo == every.c.slo, _KNOWN.c.service == every.c.service)
        .where(_KNOWN.c.at > at - DAY, _KNOWN.c.at <= at)
        .scalar_subquery()
    )
    cells = (
        select(
            _CELLS.c.service,
            _CELLS.c.slo,
            func.sum(CELL_DAYS.c.events_bad).label("events_bad"),
            func.sum(CELL_DAYS.c.events).label("events"),
        )
        .join_from(CELL_DAYS, _CELLS, _CELLS.c.id == CELL_DAYS.c.cell_id)
        .where(CELL_DAYS.c.at == at)
        .group_by(_CELLS.c.service, _CELLS.c.slo)
        .subquery()
    )
    own = (cells.c.service == every.c.service) & (cells.c.slo == every.c.slo)
    sums = (func.coalesce(cells.c[name], 0.0) for name in ("events_bad", "events"))
    asked = select(every.c.service, every.c.slo, literal(at), known, *sums)
    # Without a condition SQLite would take ON CONFLICT for one of the join.
    rows = asked.join_from(every, cells, own, isouter=True).where(true())
    return _upsert(connection, OBJECTIVE_DAYS, rows)


def _upsert(connection: Connection, table: Table, rows: Any) -> Any:
    """Return the statement that writes rows, also over those that are there."""
    adding = insert(connection, table).from_select([each.name for each in table.c], rows)
    new = {each.name: adding.excluded[each.name] for each in table.c if not each.primary_key}
    return adding.on_conflict_do_update(index_elements=list(table.primary_key), set_=new)
