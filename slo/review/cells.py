"""A service's cells over a period, read out of the record: days, hours beside them, and steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection, Executable, case, exists, func, select, union_all

from slo.review.days import CELL_DAYS, Parts
from slo.review.history import NO_DAYS, CellHistory, DayTotals
from slo.review.hours import HOUR
from slo.review.reviewed_period import ReviewedPeriod
from slo.review.snapshot_store import CELLS, SNAPSHOTS
from slo.review.spending import SPENT
from slo.steps import Floats, Times
from slo.tiling import STEP_SECONDS as STEP

_HOUR_COLUMNS = ("at", "events_bad", "events", "coverage", "budget_remaining")
_DAY_COLUMNS = (
    "unknown_hours",
    "events_bad",
    "events",
    "events_bad_allowed",
    "events_bad_burning",
)


def read_cells(
    connection: Connection,
    service: str,
    period: ReviewedPeriod,
    versions: Mapping[str, Sequence[Any]],
    *,
    last_hour: int,
    parts: Parts,
) -> dict[str, list[CellHistory]]:
    """Return the cells that are known within a period, by objective.

    Args:
        connection: to the record.
        service: whose.
        period: that is reviewed.
        versions: rows of each of its objectives, in their order.
        last_hour: UNIX seconds; later ones are not reviewed.
        parts: how the time until then is read.
    """
    own_cells = select(CELLS.c.id).where(CELLS.c.service == service)
    days, left = _days(connection, own_cells, parts.of_days(CELL_DAYS.c.at))
    hours = {}
    if parts.hours:
        columns = [SNAPSHOTS.c[name] for name in ("cell_id", *_HOUR_COLUMNS)]
        of_cells = select(*columns).where(SNAPSHOTS.c.cell_id.in_(own_cells))
        asked = union_all(
            *(of_cells.where(SNAPSHOTS.c.at > begin, SNAPSHOTS.c.at <= end)
              for begin, end in parts.hours)
        )  # fmt: skip
        hours = _columns(connection, asked.order_by("cell_id", "at"))
    in_period = (SPENT.c.at > period.start) & (SPENT.c.at <= period.end)
    own_steps = SPENT.c.cell_id.in_(own_cells) & in_period
    steps = _columns(
        connection,
        select(SPENT.c.cell_id, SPENT.c.at, SPENT.c.events_bad, SPENT.c.events)
        .where(own_steps)
        .order_by(SPENT.c.cell_id, SPENT.c.at),
    )
    step_hours = _step_hours(connection, own_steps, last_hour)
    last_hours = _last_hours(connection, list(steps), period.start, last_hour)
    found: dict[str, list[CellHistory]] = {}
    of_service = CELLS.c.service == service
    for cell in connection.execute(select(CELLS).where(of_service).order_by(CELLS.c.id)):
        is_there = cell.id in days or cell.id in hours or cell.id in steps
        if not is_there or cell.slo not in versions:  # steps may be told before the first hour
            continue
        own = steps.get(cell.id, np.empty((3, 0)))
        full = hours.get(cell.id, np.empty((len(_HOUR_COLUMNS), 0)))
        of_steps = step_hours.get(cell.id, np.empty((3, 0)))
        if own.size:
            running = _running_hour(own, last_hours[cell.id] or last_hour)
            full = np.hstack([full, running])
            of_steps = np.hstack([of_steps, running[:3]])
            # No part without its whole.
            own = own[:, np.isin(np.ceil(own[0] / HOUR), np.ceil(of_steps[0] / HOUR))]
        at, *told, left_at_hours = full
        # Of events that nobody knew there were none, and no coverage.
        bad, total, coverage = (np.nan_to_num(each) if at.size else each for each in told)
        step_at, step_bad, step_total = own
        burning = _burning(np.nan_to_num(of_steps), versions[cell.slo])
        full_hours = at.astype(np.int64)
        found.setdefault(cell.slo, []).append(
            CellHistory(
                cell.id,
                cell.labels,
                full_hours,
                bad,
                total,
                coverage,
                _budgets(versions[cell.slo], full_hours) if full_hours.size else at,
                _later(left.get(cell.id), full_hours, left_at_hours),
                step_at.astype(np.int64),
                step_bad,
                step_total,
                burning[0].astype(np.int64),
                burning[1],
                days.get(cell.id, NO_DAYS),
            )
        )
    return found


def _later(of_days: tuple[int, float] | None, at: Times, left: Floats) -> float | None:
    """Return what was left last, by the days (the end of one, and its value) or by the hours."""
    told = np.flatnonzero(~np.isnan(left))
    if told.size and (of_days is None or at[told[-1]] > of_days[0]):
        return float(left[told[-1]])
    return None if of_days is None else of_days[1]


def _last_hours(
    connection: Connection, cells: Sequence[str], start: int, last_hour: int
) -> dict[str, int | None]:
    """Return the last hour of cells after a time and up to another, both UNIX seconds."""
    of_cell = (SNAPSHOTS.c.cell_id == CELLS.c.id) & (SNAPSHOTS.c.at <= last_hour)
    last = select(func.max(SNAPSHOTS.c.at)).where(of_cell, SNAPSHOTS.c.at > start)
    # Of a day whose hours are all there none needs to be looked at.
    is_full = exists().where(
        CELL_DAYS.c.cell_id == CELLS.c.id, CELL_DAYS.c.at == last_hour, CELL_DAYS.c.hours == 24
    )
    told = case((is_full, last_hour), else_=last.scalar_subquery())
    rows = connection.execute(select(CELLS.c.id, told).where(CELLS.c.id.in_(cells)))
    return dict(tuple(row) for row in rows)


def _days(
    connection: Connection, own_cells: Any, within: Any
) -> tuple[dict[str, DayTotals], dict[str, tuple[int, float]]]:
    """Return what days come to, and the last that tells what was left with that; by cell."""
    own, left = CELL_DAYS.c.cell_id.in_(own_cells), CELL_DAYS.c.budget_remaining
    sums = [func.sum(CELL_DAYS.c[name]) for name in _DAY_COLUMNS]
    told = func.max(case((left.is_not(None), CELL_DAYS.c.at)))
    asked = select(CELL_DAYS.c.cell_id, told, *sums).where(own, within)
    totals, last = {}, {}
    for cell, at, *values in connection.execute(asked.group_by(CELL_DAYS.c.cell_id)):
        totals[cell], last[cell] = DayTotals(*values), at
    found: dict[str, tuple[int, float]] = {}
    for day in sorted({at for at in last.values() if at is not None}):
        rows = connection.execute(
            select(CELL_DAYS.c.cell_id, left).where(own, CELL_DAYS.c.at == day)
        )
        found.update({cell: (day, value) for cell, value in rows if last[cell] == day})
    return totals, found


def _step_hours(connection: Connection, own_steps: Any, last_hour: int) -> dict[str, Floats]:
    """Return the hours of steps that are in the record, shape (3, H): end, bad events, events."""
    hour = ((SPENT.c.at + (HOUR - 1)) // HOUR * HOUR).label("at")
    wanted = select(SPENT.c.cell_id, hour).where(own_steps, hour <= last_hour).distinct().subquery()
    own = (SNAPSHOTS.c.cell_id == wanted.c.cell_id) & (SNAPSHOTS.c.at == wanted.c.at)
    columns = (SNAPSHOTS.c[name] for name in ("cell_id", *_HOUR_COLUMNS[:3]))
    asked = select(*columns).join_from(wanted, SNAPSHOTS, own)
    return _columns(connection, asked.order_by(SNAPSHOTS.c.cell_id, SNAPSHOTS.c.at))


def _burning(hours: Floats, versions: Sequence[Any]) -> Floats:
    """Return those of some hours, shape (3, H), in which more was bad than was promised."""
    at, bad, total = hours
    is_burning = bad > _budgets(versions, at.astype(np.int64)) * total
    return hours[:, is_burning]


def _running_hour(steps: Floats, last_hour: float) -> Floats:
    """Return what steps tell of the hour after the last, as :data:`_HOUR_COLUMNS`, shape (5, 1).

    Only where they tell all of it up to the last of them, as during an incident; else shape (5, 0).
    """
    later = steps[:, steps[0] > last_hour]
    count = later.shape[1]
    if not count or later[0, -1] != last_hour + count * STEP or count >= HOUR // STEP:
        return np.empty((len(_HOUR_COLUMNS), 0))
    at, bad, total = later[0, -1], later[1].sum(), later[2].sum()
    return np.array([[at], [bad], [total], [1.0], [np.nan]])


def _budgets(versions: Sequence[Any], at: Times) -> Floats:
    """Return the share of events that might be bad at each hour, by the version of its time."""
    begins = np.array([each.valid_from for each in versions], np.int64)
    budgets = np.array([float(1 - Decimal(each.target)) for each in versions])
    return budgets[np.maximum(np.searchsorted(begins, at, side="right") - 1, 0)]


def _columns(connection: Connection, asked: Executable) -> dict[str, Floats]:
    """Return the columns after the first, shape (columns, rows), by cell and in their order."""
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
