"""How many samples rules read: an estimate, from their expressions read as trees.

Prometheus counts a sample for each series that an instant selector finds, each sample within a
range, and each step of a subquery twice: when it is evaluated, and when the function around it
reads it. Held against its own count (``stats=all``) in the tests.
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
            # Without a step it is Prometheus's own interval, which is a minute unless it is told.
            step_seconds = tree.step.total_seconds() if tree.step is not None else 60.0
            steps = tree.range.total_seconds() / step_seconds
            return steps * (_read(tree.expr, finds) + _series(tree.expr, finds))
    return sum(_read(each, finds) for each in children(tree))


def _series(tree: promql_parser.Expr, finds: Finds) -> float:
    """Return how many series an expression has at most, aggregations left aside."""
    if isinstance(tree, promql_parser.VectorSelector):
        return finds(tree).series
    return max((_series(each, finds) for each in children(tree)), default=0)
