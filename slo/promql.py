"""PromQL as a tree: the selectors of an expression, and the series that there are to select."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import isnan

import promql_parser

from exporters.catalog import FAMILIES
from exporters.durations import format_duration
from slo import conventions
from slo.objective import BASE_WINDOW

OF_PROMETHEUS = frozenset(
    {
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "ALERTS",
        "ALERTS_FOR_STATE",
        *(
            f"prometheus_{each}"
            for each in (
                "notifications_alertmanagers_discovered",
                "notifications_dropped_total",
                "notifications_errors_total",
                "rule_evaluation_failures_total",
                "rule_group_interval_seconds",
                "rule_group_iterations_missed_total",
                "rule_group_last_duration_seconds",
                "rule_group_last_evaluation_timestamp_seconds",
                "tsdb_lowest_timestamp_seconds",
                "tsdb_size_retentions_total",
                "tsdb_time_retentions_total",
            )
        ),
        "alertmanager_notifications_failed_total",
    }
)
"""Series that Prometheus itself makes, and those that it and Alertmanager serve of themselves, as
far as rules ask for them."""


def known_series() -> set[str]:
    """Return every name that the exporters serve, the rules record or Prometheus makes."""
    served = {
        name
        for family in FAMILIES.values()
        for name in (
            [f"{family.name}{suffix}" for suffix in ("_bucket", "_count", "_sum")]
            if family.kind == "histogram"
            else [family.name]
        )
    }
    recorded = {
        value
        for name, value in vars(conventions).items()
        if name.isupper() and isinstance(value, str) and ":" in value
    }
    return served | recorded | OF_PROMETHEUS


def selectors(expr: str) -> list[promql_parser.VectorSelector]:
    """Return the selectors of an expression, which may have ``objective.BASE_WINDOW``.

    Raises:
        ValueError: if it is no PromQL.
    """
    return list(_selectors(expr))


@lru_cache(maxsize=1024)
def _selectors(expr: str) -> tuple[promql_parser.VectorSelector, ...]:
    """Several checks look at the same expressions, one after the other."""
    return tuple(selectors_in(_parse(expr)))


def selectors_in(tree: promql_parser.Expr) -> list[promql_parser.VectorSelector]:
    """Return every selector in a tree."""
    return [each for each in nodes(tree) if isinstance(each, promql_parser.VectorSelector)]


def rated_selector(expr: str) -> promql_parser.VectorSelector | None:
    """Return the selector whose ``rate`` an expression is, and nothing else; None if it is none.

    Raises:
        ValueError: if it is no PromQL.
    """
    tree = _parse(expr)
    if not isinstance(tree, promql_parser.Call) or tree.func.name != "rate":
        return None
    (argument,) = tree.args
    is_plain = isinstance(argument, promql_parser.MatrixSelector)
    return argument.vector_selector if is_plain else None


def _parse(expr: str) -> promql_parser.Expr:
    return promql_parser.parse(expr.replace(BASE_WINDOW, "1m"))


def memory_seconds(expr: str, window_seconds: float = 0) -> float:
    """Return how far back an expression looks, ranges within ranges and offsets added up.

    Args:
        expr: it may have ``objective.BASE_WINDOW``.
        window_seconds: what stands for that.

    Raises:
        ValueError: if it is no PromQL.
    """
    window = format_duration(window_seconds) if window_seconds else "1ms"
    return _memory_seconds(promql_parser.parse(expr.replace(BASE_WINDOW, window)))


def _memory_seconds(node: promql_parser.Expr) -> float:
    own = sum(
        value.total_seconds()
        for value in (getattr(node, "range", None), getattr(node, "offset", None))
        if value is not None
    )
    return float(own + max(map(_memory_seconds, children(node)), default=0.0))


def is_instant(expr: str) -> bool:
    """Return whether an expression has one value a series: it is no range and no text.

    Raises:
        ValueError: if it is no PromQL.
    """
    of_ranges = promql_parser.MatrixSelector, promql_parser.SubqueryExpr
    return not isinstance(promql_parser.parse(expr), (*of_ranges, promql_parser.StringLiteral))


def bare(tree: promql_parser.Expr) -> promql_parser.Expr:
    """Return an expression without parentheses around it."""
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    return tree


def is_zero(tree: promql_parser.Expr) -> bool:
    """Tell whether an expression is the number 0, as it is written."""
    return isinstance(tree, promql_parser.NumberLiteral) and bool(tree.val == 0)


def is_nan(tree: promql_parser.Expr) -> bool:
    """Tell whether an expression is NaN, as it is written."""
    return isinstance(tree, promql_parser.NumberLiteral) and isnan(tree.val)


def nodes(node: promql_parser.Expr) -> Iterator[promql_parser.Expr]:
    """Yield an expression and everything in it."""
    yield node
    for child in children(node):
        yield from nodes(child)


def children(node: promql_parser.Expr) -> list[promql_parser.Expr]:
    """Return what an expression is directly made of."""
    parts = (getattr(node, each, None) for each in ("lhs", "rhs", "expr", "param"))
    selector = getattr(node, "vector_selector", None)
    arguments = getattr(node, "args", None) or []
    return [each for each in (*parts, selector, *arguments) if each is not None]
