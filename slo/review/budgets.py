"""How an objective did over a period: attainment, budget spent, left, unknown. Pure.

The arithmetic is that of :mod:`slo`: bad events over all, never a mean of ratios; where less is
known than :data:`slo.conventions.COVERAGE_NEEDED`, a budget is unknown, and not good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from slo.conventions import COVERAGE_NEEDED
from slo.periods import LEAST_BAD_EVENTS
from slo.review.history import CellHistory, Excluded, ObjectiveHistory, counts, left_out
from slo.review.hours import HOUR

TARGETS = tuple(Decimal(text) for text in ("0.9", "0.95", "0.99", "0.995", "0.999", "0.9995",
                                           "0.9999"))  # fmt: skip
"""What is asked of each period: would it have been met?"""
TOO_LOOSE = 0.1
"""Below this share of a budget spent, a target promises less than is kept."""


@dataclass(frozen=True)
class Budget:
    """Of a cell, or of all cells of an objective."""

    events: float
    events_bad: float
    allowed: float
    """Bad events that were promised to be the most."""
    unknown_ratio: float
    """Share of the period of which nothing is known."""

    @property
    def attainment(self) -> float | None:
        """Return the share of good events; None without any."""
        return 1 - self.events_bad / self.events if self.events > 0 else None

    @property
    def spent(self) -> float | None:
        """Return the share of the budget that is spent; None where there is none to spend."""
        return self.events_bad / self.allowed if self.allowed > 0 else None

    @property
    def left(self) -> float | None:
        """Return the share that is left; below 0 when overspent."""
        return None if self.spent is None else 1 - self.spent

    @property
    def verdict(self) -> str:
        """Return ``missed``, ``unknown``, ``idle`` or ``met``: what is missed stays it."""
        if not is_kept(self.events_bad, self.allowed):
            return "missed"
        if self.unknown_ratio > 1 - COVERAGE_NEEDED:
            return "unknown"
        return "met" if self.events > 0 else "idle"


def is_kept(events_bad: float, allowed: float) -> bool:
    """Tell whether no more events are bad than may be, but for how sums of them are rounded."""
    return events_bad < allowed + float(LEAST_BAD_EVENTS)


def budget_of_cell(
    objective: ObjectiveHistory, cell: CellHistory, excluded: Sequence[Excluded]
) -> Budget:
    """Return how a cell did, maintenance left out."""
    days = cell.days
    sums = np.array([days.unknown_hours, days.events, days.events_bad, days.events_bad_allowed])
    if cell.at.size:
        kept = counts(cell, excluded, cell.at)
        unknown = 1 - np.clip(cell.coverage, 0, 1)
        of_hours = (unknown, cell.events, cell.events_bad, cell.events * cell.budgets)
        sums += [float(np.sum(kept * each)) for each in of_hours]
    lost, events, events_bad, allowed = sums.tolist()
    hours, known = _hours_that_count(objective, cell, excluded)
    unknown_ratio = min((hours - known + lost) / max(hours, 1), 1.0)
    if not objective.expected_hours:
        unknown_ratio = 1.0
    return Budget(events, events_bad, allowed, unknown_ratio)


def _hours_that_count(
    objective: ObjectiveHistory, cell: CellHistory, excluded: Sequence[Excluded]
) -> tuple[int, int]:
    """Return how many of an objective's hours count of a cell, and at how many rules ran."""
    start, expected = objective.starts_at, objective.expected_hours
    without = left_out(cell, excluded, start, start + expected * HOUR)
    known_without = int(np.isin(without, objective.known_in_maintenance).sum())
    return expected - without.size, objective.known_hours - known_without


def budget_of(objective: ObjectiveHistory, excluded: Sequence[Excluded]) -> Budget:
    """Return how all cells did together; unknown is what most is of any of them on average."""
    every = [budget_of_cell(objective, cell, excluded) for cell in objective.cells]
    unknown = float(np.mean([each.unknown_ratio for each in every])) if every else 1.0
    return Budget(
        sum(each.events for each in every),
        sum(each.events_bad for each in every),
        sum(each.allowed for each in every),
        unknown,
    )


def would_be_met(budget: Budget) -> list[tuple[str, bool]]:
    """Return which targets would have been met, the lowest first."""
    return [
        (str(target), budget.events > 0 and is_kept(budget.events_bad, _allowed(budget, target)))
        for target in TARGETS
    ]


def judge_target(budget: Budget) -> str:
    """Return ``too loose``, ``too tight``, or ``fitting``; empty where nothing can be said."""
    if budget.verdict == "missed":
        return "too tight"
    if budget.spent is None or budget.verdict in ("unknown", "idle"):
        return ""
    return "too loose" if budget.spent < TOO_LOOSE else "fitting"


def _allowed(budget: Budget, target: Decimal) -> float:
    return budget.events * float(1 - target)
