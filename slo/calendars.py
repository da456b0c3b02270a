"""Periods that begin when a calendar says so: their table in UTC, and the table as PromQL.

PromQL knows neither time zones nor months. A generated table does, until :data:`LAST`; beyond it
the period, and so the budget, is unknown rather than wrong, and the header of the rule file says
since when. Rules that are generated again with later releases reach further.
"""

from __future__ import annotations

import calendar as days
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from slo.objective import Calendar, Objective

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LAST = datetime(2037, 1, 1, tzinfo=UTC)
"""The table reaches so far. Governments change their clocks more often than that."""

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_NOW = "vector(time())"
_LEAST_RUN = 3
"""Fewer equal steps are shorter written one by one."""


@cache
def period_starts(calendar: Calendar) -> tuple[int, ...]:
    """Return when periods begin, UNIX seconds: from the last before FIRST to the first after LAST.

    A day that a month does not have is its last. A local time that a change of clocks leaves out is
    taken by the clock before the change, one that comes twice the first time.
    """
    anchor = datetime.fromisoformat(calendar.start)
    zone, index = ZoneInfo(calendar.zone), 0
    while _start(calendar, anchor, index, zone) > FIRST.timestamp():
        index -= 1
    while _start(calendar, anchor, index + 1, zone) <= FIRST.timestamp():
        index += 1
    starts = [_start(calendar, anchor, index, zone)]
    while starts[-1] < LAST.timestamp():
        index += 1
        starts.append(_start(calendar, anchor, index, zone))
    return tuple(starts)


def longest_period_seconds(calendar: Calendar) -> int:
    """Return the length of the longest period in the table."""
    starts = period_starts(calendar)
    return max(later - earlier for earlier, later in itertools.pairwise(starts))


def period_start(calendar: Calendar) -> str:
    """Return the PromQL of when the running period began, UNIX seconds."""
    starts = period_starts(calendar)[:-1]
    return _within(calendar, _steps(starts, starts))


def period_end(calendar: Calendar) -> str:
    """Return the PromQL of when the running period ends, UNIX seconds."""
    starts = period_starts(calendar)
    return _within(calendar, _steps(starts[:-1], starts[1:]))


def period_phase(calendar: Calendar) -> str:
    """Return the PromQL of the running period's number in the table, modulo 3."""
    starts = period_starts(calendar)[:-1]
    return _within(calendar, f"({_steps(starts, range(len(starts)))}) % 3")


def horizon_note(objective: Objective) -> str | None:
    """Return the line for a file's header that says how far an objective's table reaches."""
    if objective.calendar is None:
        return None
    end = datetime.fromtimestamp(period_starts(objective.calendar)[-1], UTC)
    return (
        f"Periods of {objective.name} ({objective.calendar.zone}) are known until "
        f"{end:%Y-%m-%d %H:%M} UTC; generate anew before."
    )


def _start(calendar: Calendar, anchor: datetime, index: int, zone: ZoneInfo) -> int:
    if calendar.unit == "week":
        local = anchor + timedelta(weeks=index * calendar.count)
    else:
        month = anchor.month - 1 + index * calendar.count * _MONTHS[calendar.unit]
        year, month = anchor.year + month // 12, month % 12 + 1
        day = min(anchor.day, days.monthrange(year, month)[1])
        local = anchor.replace(year=year, month=month, day=day)
    return round(local.replace(tzinfo=zone).timestamp())


def _within(calendar: Calendar, expr: str) -> str:
    starts = period_starts(calendar)
    return f"({expr})\nand\n({_NOW} >= {starts[0]} < {starts[-1]})"


def _steps(times: Sequence[int], values: Sequence[int]) -> str:
    """Return a function of time that takes each value from its time on, as sums of steps."""
    by_height: dict[int, list[str]] = {}
    heights = [after - before for before, after in itertools.pairwise(values)]
    index = 0
    while index < len(heights):
        run = _run(times[index + 1 :], heights[index:])
        first, height = times[index + 1], heights[index]
        if run >= _LEAST_RUN:
            each = times[index + 2] - first
            text = f"clamp(floor(({_NOW} - {first - each}) / {each}), 0, {run})"
        else:
            run, text = 1, f"({_NOW} >= bool {first})"
        by_height.setdefault(height, []).append(text)
        index += run
    sums = [f"{height} * ({' + '.join(steps)})" for height, steps in sorted(by_height.items())]
    return "\n+ ".join([f"{values[0]} + 0 * {_NOW}", *sums])


def _run(times: Sequence[int], heights: Sequence[int]) -> int:
    """Return how many steps from the first on are of one height, at equal distances."""
    run = 1
    while (
        run < len(heights)
        and heights[run] == heights[0]
        and times[run] - times[run - 1] == times[1] - times[0]
    ):
        run += 1
    return run
