"""What spent a budget: each bad event of an incident is its own, once; the rest is unexplained.

Pure. An incident costs a cell of its place what goes bad from when the cell's errors began to spend
more than they may, at most an hour before its first alert, until it ends. Where two incidents are
at work in one cell at one time, they share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slo.review.history import CellHistory, Excluded, IncidentHistory, counts
from slo.review.hours import HOUR
from slo.tiling import STEP_SECONDS as STEP

BEFORE_SECONDS = 3600
"""So long before its first alert an incident may have begun to cost."""
AFTER_SECONDS = 300
"""Pages end when their short window is good again, which is not before users are; rates reach a
minute further."""


@dataclass(frozen=True)
class CellSpending:
    """What one cell spent on one incident."""

    incident: int
    cell: CellHistory
    events_bad: float
    first_at: float
    """When it began to, UNIX seconds."""


def attribute(
    cell: CellHistory,
    budget: float,
    incidents: Sequence[IncidentHistory],
    excluded: Sequence[Excluded],
) -> list[CellSpending]:
    """Return what a cell spent on each incident of its place; those that cost nothing are left out.

    Args:
        cell: with its steps.
        budget: share of events that may be bad.
        incidents: all of the period.
        excluded: maintenance, in which nothing counts.
    """
    if not cell.step_at.size:
        return []
    bad = cell.step_events_bad * counts(cell, excluded, cell.step_at)
    windows = [
        (incident, _window(cell, budget, incident))
        for incident in incidents
        if _is_of(cell, incident)
    ]
    at_work = np.zeros(bad.shape, np.int64)
    for _, window in windows:
        at_work[window] += 1
    share = np.divide(bad, at_work, out=np.zeros(bad.shape), where=at_work > 0)
    found = []
    for incident, window in windows:
        spent = float(np.sum(share[window]))
        if spent > 0:
            first = float(cell.step_at[window][np.flatnonzero(bad[window] > 0)[0]]) - STEP
            found.append(CellSpending(incident.number, cell, spent, first))
    return found


def burning_since(cell: CellHistory, budget: float, at: float) -> float:
    """Return since when a cell's errors spend more than they may, up to an hour before a time.

    UNIX seconds; the time itself, if they did not.
    """
    end = math.ceil(at / STEP) * STEP
    first, last = np.searchsorted(cell.step_at, (end - BEFORE_SECONDS - STEP, end + STEP))
    near = slice(int(first), int(last))  # a cell of a long incident has thousands of steps
    is_burning = cell.step_events_bad[near] > budget * cell.step_events[near]
    burns = dict(zip(cell.step_at[near].tolist(), is_burning.tolist(), strict=True))
    if not burns.get(end):  # the step that the time falls into may be good again, or not yet bad
        end -= STEP
    since = at
    while burns.get(end) and end > at - BEFORE_SECONDS:
        since = min(since, float(end - STEP))
        end -= STEP
    return since


def _is_of(cell: CellHistory, incident: IncidentHistory) -> bool:
    has_place = any(name in cell.labels for name in incident.labels)
    return cell.is_at(incident.labels) if has_place else True


def _window(cell: CellHistory, budget: float, incident: IncidentHistory) -> slice:
    """Return which steps of a cell an incident of its place is at work in."""
    start = burning_since(cell, budget, incident.started_at)
    end = incident.ended_at + AFTER_SECONDS
    first = np.searchsorted(cell.step_at, start, side="right")
    return slice(int(first), int(np.searchsorted(cell.step_at - STEP, end)))


def total_bad(cell: CellHistory, excluded: Sequence[Excluded]) -> float:
    """Return all bad events of a cell's days and hours that count."""
    if not cell.at.size:
        return cell.days.events_bad
    return cell.days.events_bad + float(np.sum(cell.events_bad * counts(cell, excluded, cell.at)))


def burning_bad(cell: CellHistory, excluded: Sequence[Excluded]) -> float:
    """Return the bad events of the hours in which a cell spent its budget faster than it may."""
    if not cell.at.size:
        return cell.days.events_bad_burning
    burns = cell.events_bad > cell.budgets * cell.events
    of_hours = float(np.sum(cell.events_bad * burns * counts(cell, excluded, cell.at)))
    return cell.days.events_bad_burning + of_hours


def burning_bad_in_pages(
    cell: CellHistory,
    budget: float,
    incidents: Sequence[IncidentHistory],
    excluded: Sequence[Excluded],
) -> float:
    """Return those of :func:`burning_bad` that fell into incidents with a page.

    Also with one of the period before that was open when this one began.

    Args:
        cell: with its steps, and the hours among them in which it spent too fast.
        budget: share of events that may be bad.
        incidents: all of the period.
        excluded: maintenance, in which nothing counts.
    """
    is_in = np.zeros(cell.step_at.shape, np.bool_)
    for each in incidents:
        if (each.pages or each.is_paged_before) and _is_of(cell, each):
            is_in[_window(cell, budget, each)] = True
    # Of each hour no more than it has: steps are counted apart from it.
    hours = np.searchsorted(cell.burning_at, cell.step_at)
    is_in &= np.isin(-(-cell.step_at // HOUR), -(-cell.burning_at // HOUR))
    in_pages = np.bincount(hours[is_in], cell.step_events_bad[is_in], cell.burning_at.size)
    bad = np.minimum(in_pages, cell.burning_events_bad)
    return float(np.sum(bad * counts(cell, excluded, cell.burning_at)))
