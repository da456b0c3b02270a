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
from numpy.typing import NDArray

from slo.review.history import CellHistory, Excluded, IncidentHistory, counts
from slo.tiling import STEP_SECONDS as STEP

BEFORE_SECONDS = 3600
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
    bad = cell.step_events_bad * counts(cell, excluded, STEP)
    windows = [
        (incident, _window(cell, budget, incident))
        for incident in incidents
        if _is_of(cell, incident)
    ]
    at_work = np.sum([window for _, window in windows], axis=0) if windows else np.zeros(bad.shape)
    share = np.divide(bad, at_work, out=np.zeros(bad.shape), where=at_work > 0)
    found = []
    for incident, window in windows:
        spent = float(np.sum(share[window]))
        if spent > 0:
            first = float(cell.step_at[np.flatnonzero(window & (bad > 0))[0]]) - STEP
            found.append(CellSpending(incident.number, cell, spent, first))
    return found


def burning_since(cell: CellHistory, budget: float, at: float) -> float:
    """Return since when a cell's errors spend more than they may, up to an hour before a time.

    UNIX seconds; the time itself, if they did not.
    """
    burns = dict(zip(cell.step_at.tolist(), _burns(cell, budget).tolist(), strict=True))
    end = math.ceil(at / STEP) * STEP
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


def _window(cell: CellHistory, budget: float, incident: IncidentHistory) -> NDArray[np.bool_]:
    start = burning_since(cell, budget, incident.started_at)
    end = incident.ended_at + AFTER_SECONDS
    window: NDArray[np.bool_] = (cell.step_at > start) & (cell.step_at - STEP < end)
    return window


def _burns(cell: CellHistory, budget: float) -> NDArray[np.bool_]:
    burns: NDArray[np.bool_] = cell.step_events_bad > budget * cell.step_events
    return burns


def total_bad(cell: CellHistory, excluded: Sequence[Excluded]) -> float:
    """Return all bad events of a cell's days and hours that count."""
    if not cell.at.size:
        return cell.days.events_bad
    return cell.days.events_bad + float(np.sum(cell.events_bad * counts(cell, excluded)))


def burning_bad(cell: CellHistory, excluded: Sequence[Excluded]) -> float:
    """Return the bad events of the hours in which a cell spent its budget faster than it may."""
    if not cell.at.size:
        return cell.days.events_bad_burning
    burns = cell.events_bad > cell.budgets * cell.events
    of_hours = float(np.sum(cell.events_bad * burns * counts(cell, excluded)))
    return cell.days.events_bad_burning + of_hours
