"""How good a service's pages were: which spent budget, what did without one, how fast. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import numpy as np

from slo import conventions as names
from slo.review.attribution import BEFORE_SECONDS, burning_since
from slo.review.history import IncidentHistory, ObjectiveHistory, PageHistory
from slo.tiling import STEP_SECONDS as STEP


@dataclass(frozen=True)
class Paging:
    """Of one service over one period. Durations are medians, seconds; None without any."""

    pages: int
    pages_by_hour: tuple[int, ...]
    """Of the day, UTC; 24 of them."""
    precision: float | None
    """Share of the pages during which a budget was spent faster than it may be."""
    recall: float | None
    """Of what was spent faster than it may be, the share that fell into incidents with a page."""
    detect_seconds: float | None
    """From when a budget began to be spent too fast until the first page."""
    acknowledge_seconds: float | None
    """From the first page until somebody took the incident, of those that somebody took."""
    resolve_seconds: float | None
    """From the first page to the end."""
    noise: tuple[tuple[str, int], ...]
    """Alerts that paged while nothing was spent, and how often."""


def judge_paging(
    objectives: Sequence[ObjectiveHistory],
    incidents: Sequence[IncidentHistory],
    burning_in_pages: float,
    burning: float,
) -> Paging:
    """Return how good pages were.

    Args:
        objectives: of the service.
        incidents: of the period that concern it.
        burning_in_pages: those of ``burning`` that fell into incidents with a page.
        burning: bad events of all hours in which a budget was spent faster than it may be.
    """
    pages = [page for each in incidents for page in each.pages]
    by_hour = Counter(datetime.fromtimestamp(each.starts_at, UTC).hour for each in pages)
    false = [each for each in pages if not _spent(each, objectives)]
    woke = [each for each in incidents if each.pages]
    return Paging(
        len(pages),
        tuple(by_hour[hour] for hour in range(24)),
        1 - len(false) / len(pages) if pages else None,
        burning_in_pages / burning if burning > 0 else None,
        _median(_detected(each, objectives) for each in woke),
        _median(
            max(each.acknowledged_at - _paged_at(each), 0.0)
            for each in woke
            if each.acknowledged_at is not None
        ),
        _median(each.ended_at - _paged_at(each) for each in woke if math.isfinite(each.ended_at)),
        tuple(sorted(Counter(each.name for each in false).items(), key=lambda each: -each[1])),
    )


def _paged_at(incident: IncidentHistory) -> float:
    return min(each.starts_at for each in incident.pages)


def _spent(page: PageHistory, objectives: Iterable[ObjectiveHistory]) -> bool:
    """Tell whether a cell of the page spent its budget too fast, from an hour before it on."""
    for objective in objectives:
        if page.labels.get(names.SLO, objective.slo) != objective.slo:
            continue
        for cell in objective.cells:
            if not _is_same(page.labels, cell.labels):
                continue
            during = (cell.step_at > page.starts_at - BEFORE_SECONDS) & (
                cell.step_at - STEP < page.ends_at
            )
            burns = cell.step_events_bad > objective.budget * cell.step_events
            if np.any(during & burns):
                return True
    return False


def _detected(incident: IncidentHistory, objectives: Iterable[ObjectiveHistory]) -> float | None:
    """Return how long a budget was spent too fast before the first page; None if none was."""
    paged = _paged_at(incident)
    since = [
        burning_since(cell, objective.budget, paged)
        for objective in objectives
        for cell in objective.cells
        if cell.is_at(incident.labels)
    ]
    earliest = min(since, default=paged)
    return paged - earliest if earliest < paged else None


def _is_same(labels: Mapping[str, str], cell: Mapping[str, str]) -> bool:
    return all(labels[name] == text for name, text in cell.items() if name in labels)


def _median(values: Iterable[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return median(known) if known else None
