"""How many samples rules read: an estimate, from their expressions read as trees.

A sample is read for each series that an instant selector finds, for each sample within a range, and
at each step of a subquery. Prometheus's own count (``stats=all``), against which the tests hold
this, is lower where a subquery has more in it than a selector: it counts what its steps give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import promql_parser

from slo.promql import children
from slo.rule import RecordingRule, RuleGroup


@dataclass(frozen=True)
class Found:
    """What a selector finds."""

    series: int
    interval_seconds: float
    """Between two samples of one series."""


_USUAL_STEP_SECONDS = 60.0
"""Of a subquery without a step: Prometheus's own evaluation interval, unless it is told another."""

Finds = Callable[[promql_parser.VectorSelector], Found]


def samples_an_hour(groups: Iterable[RuleGroup], finds: Finds) -> float:
    """Return how many samples the rules of groups read in an hour.

    Args:
        groups: each with its interval.
        finds: tells what a selector finds, be it scraped or recorded.
    """
    return sum(
        3600 / group.interval_seconds * samples_read(rule.expr, finds)
        for group in groups
        for rule in group.rules
    )


def samples_read(expr: str, finds: Finds) -> float:
    """Return how many samples one evaluation of an expression reads.

    Raises:
        ValueError: if it is no PromQL.
    """
    return _read(promql_parser.parse(expr), finds)


def recorded_intervals(groups: Iterable[RuleGroup]) -> dict[str, float]:
    """Return the interval of every series that groups record, by its name, the shortest of each."""
    found: dict[str, float] = {}
    for group in groups:
        for rule in group.rules:
            if isinstance(rule, RecordingRule):
                known = found.get(rule.record, group.interval_seconds)
                found[rule.record] = min(known, group.interval_seconds)
    return found


def _read(tree: promql_parser.Expr, finds: Finds) -> float:
    match tree:
        case promql_parser.VectorSelector():
            return finds(tree).series
        case promql_parser.MatrixSelector():
            found = finds(tree.vector_selector)
            return found.series * tree.range.total_seconds() / found.interval_seconds
        case promql_parser.SubqueryExpr():
            return _steps(tree) * _read(tree.expr, finds)
    return sum(_read(each, finds) for each in children(tree))


def _steps(tree: promql_parser.SubqueryExpr) -> float:
    length, step = tree.range, tree.step
    if length is None:
        raise ValueError("a subquery has a range")
    return length.total_seconds() / (_USUAL_STEP_SECONDS if step is None else step.total_seconds())
