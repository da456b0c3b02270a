"""How a check says what it found about an objective."""

from __future__ import annotations

from exporters.problems import Problem
from slo.objective import Objective, Ratio, RawRatio


def finding(objective: Objective, check: str, message: str, fix: str) -> Problem:
    """Return a problem of an objective, at the place of its name.

    Args:
        objective: of which it is.
        check: an id in :data:`slo.checks.table.CHECKS`.
        message: what was found and what was expected, in one sentence without a full stop.
        fix: what to do about it, likewise.
    """
    place = objective.file, objective.line, objective.column
    return Problem(*place, objective.name, message, fix, check)


def sides(objective: Objective) -> dict[str, str]:
    """Return the expressions of an objective's indicator by what OpenSLO calls each."""
    indicator = objective.indicator
    if isinstance(indicator, Ratio):
        named = {"total": indicator.total, "bad": indicator.bad, "good": indicator.good}
        return {name: expression for name, expression in named.items() if expression is not None}
    return {
        "raw" if isinstance(indicator, RawRatio) else "threshold": indicator.expressions[0],
    }
