"""What a report is made of, read out of the record: plain data, no database. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

import numpy as np

from slo.review.hours import HOUR
from slo.review.stories import PLACE_LABELS
from slo.steps import Floats, Times


@dataclass(frozen=True)
class DayTotals:
    """What a cell's whole days come to that were added up and no maintenance touched."""

    unknown_hours: float = 0.0
    """Of their hours that are in the record, what was not covered."""
    events_bad: float = 0.0
    events: float = 0.0
    events_bad_allowed: float = 0.0
    """As promised at each hour."""
    events_bad_burning: float = 0.0
    """Those of hours with more of them than allowed."""


NO_DAYS = DayTotals()


@dataclass(frozen=True)
class CellHistory:
    """One cell's days, the full hours beside these, and the 5-minute steps of incidents."""

    key: str
    labels: Mapping[str, str]
    at: Times
    """Full hours, UNIX seconds, sorted; shape (H,): those at which it is known, outside days."""
    events_bad: Floats
    """Within the hour before each; shape (H,), as the next ones."""
    events: Floats
    coverage: Floats
    budgets: Floats
    """Share of events that might be bad, as promised at each hour."""
    budget_remaining: float | None
    """As Prometheus last had it within the period."""
    step_at: Times
    """Ends of 5-minute steps, UNIX seconds, sorted; shape (S,)."""
    step_events_bad: Floats
    step_events: Floats
    burning_at: Times
    """Ends of the hours of these steps in which more was bad than allowed, sorted; shape (B,)."""
    burning_events_bad: Floats
    """Within each of these hours; shape (B,)."""
    days: DayTotals = NO_DAYS

    def is_at(self, place: Mapping[str, str]) -> bool:
        """Tell whether nothing of a place says that it is another one."""
        return all(
            self.labels[name] == place[name]
            for name in PLACE_LABELS
            if self.labels.get(name) and place.get(name)
        )


@dataclass(frozen=True)
class ObjectiveHistory:
    """One objective over a period."""

    slo: str
    service: str
    target: str
    """The last one, a Decimal."""
    changed_targets: tuple[tuple[int, str], ...]
    """From when on which other ones were promised before."""
    period_seconds: int
    starts_at: int
    """When its hours begin: the period's start, or when it was known first; UNIX seconds."""
    expected_hours: int
    """From then on, and up to now."""
    known_hours: int
    """At which its rules ran."""
    known_in_maintenance: Times
    """Those of them that maintenance of any cells touches: their ends, sorted; shape (K,)."""
    cells: tuple[CellHistory, ...]

    @property
    def budget(self) -> float:
        """Return the share of events that may be bad, as promised last."""
        return float(1 - Decimal(self.target))


@dataclass(frozen=True)
class PageHistory:
    """One page."""

    name: str
    """Of the alert."""
    labels: Mapping[str, str]
    starts_at: float
    """UNIX seconds."""
    ends_at: float
    """Infinite while it fires."""


@dataclass(frozen=True)
class IncidentHistory:
    """One incident."""

    number: int
    started_at: float
    """UNIX seconds."""
    ended_at: float
    """Infinite while it lasts."""
    severity: str
    cause: str
    labels: Mapping[str, str]
    revision: str
    pages: tuple[PageHistory, ...] = ()
    """Those that began within the period."""
    is_paged_before: bool = False
    """Whether a page that began before the period was open when it began."""
    acknowledged_at: float | None = None
    """When somebody took it first; None where nobody told."""


@dataclass(frozen=True)
class Excluded:
    """A maintenance window."""

    starts_at: int
    ends_at: int
    labels: Mapping[str, str]
    reason: str

    def is_of(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a cell is in it: one that has each of its labels, with this value."""
        return self.labels.items() <= labels.items()

    @property
    def touched(self) -> tuple[int, int]:
        """Return from when to when the full hours last that it touches, UNIX seconds."""
        return self.starts_at // HOUR * HOUR, -(-self.ends_at // HOUR) * HOUR

    def hours(self, start: int, end: int) -> Times:
        """Return the ends of the full hours that it touches, between two full hours."""
        first, last = self.touched
        return np.arange(max(first, start) + HOUR, min(last, end) + 1, HOUR, dtype=np.int64)


@dataclass(frozen=True)
class ServiceHistory:
    """All of one service over one period."""

    service: str
    objectives: tuple[ObjectiveHistory, ...]
    incidents: tuple[IncidentHistory, ...]
    excluded: tuple[Excluded, ...] = ()
    changes: tuple[Mapping[str, object], ...] = ()
    actions: tuple[Mapping[str, object], ...] = ()
    decisions: tuple[Mapping[str, object], ...] = ()
    annotations: tuple[Mapping[str, object], ...] = field(default=())

    @cached_property
    def by_number(self) -> Mapping[int, IncidentHistory]:
        """Return incidents by their number."""
        return {each.number: each for each in self.incidents}


def counts(cell: CellHistory, excluded: Sequence[Excluded], at: Times) -> Floats:
    """Return 1 for each hour or step that counts, by its end; else 0.

    What maintenance touches does not, and steps go with their hour: no part without its whole.
    """
    kept = np.ones(at.shape)
    hours = -(-at // HOUR) * HOUR
    for each in excluded:
        if each.is_of(cell.labels):
            first, last = each.touched
            kept[(hours > first) & (hours <= last)] = 0.0
    return kept


def left_out(cell: CellHistory, excluded: Sequence[Excluded], start: int, end: int) -> Times:
    """Return the ends of a cell's hours that do not count, sorted, between two full hours."""
    own = [each.hours(start, end) for each in excluded if each.is_of(cell.labels)]
    return np.unique(np.concatenate(own)) if own else np.empty(0, np.int64)
