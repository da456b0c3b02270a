"""What an expression is, as a number, where each selector finds one series that does not change.

So much of PromQL as thresholds and ratios of others are written in: arithmetic, functions of
counters and of time, sums over one series.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import promql_parser

Selector = promql_parser.VectorSelector
Values = Callable[[Selector], float]

OF_COUNTERS = frozenset({"rate", "irate", "increase"})
"""Functions that are given counters; of these an example knows the events per second."""

NOTHING = math.nan
"""What a comparison leaves that does not hold, and 0/0."""

_SAME = frozenset(
    {
        "avg_over_time", "min_over_time", "max_over_time", "last_over_time", "quantile_over_time",
        "sort", "sort_desc", "scalar", "vector", "label_replace", "label_join",
    }
)  # fmt: skip
"""Functions whose result is the series' own value while that does not change."""
_SAME_OF_ONE = frozenset({"sum", "avg", "min", "max", "topk", "bottomk", "quantile"})
"""Aggregations that are so where there is one series."""

_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": math.pow,
    "or": lambda a, b: b if math.isnan(a) else a,
    "and": lambda a, b: NOTHING if math.isnan(b) else a,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class UnknownValueError(Exception):
    """An expression has something in it whose value is not foreseen here; says what."""


def value_of(node: promql_parser.Expr, value: Values) -> float:
    """Return the number that an expression is.

    Args:
        node: the expression's tree.
        value: of the series that a selector finds: its events per second if it is a counter.

    Raises:
        UnknownValueError: if it cannot be foreseen.
    """
    if isinstance(node, promql_parser.VectorSelector):
        return value(node)
    if isinstance(node, promql_parser.MatrixSelector):
        return value(node.vector_selector)
    sort = _SORTS.get(type(node))
    if sort is None:
        raise UnknownValueError(f"{type(node).__name__} has no number")
    return sort(node, value)


def _aggregate(node: promql_parser.AggregateExpr, value: Values) -> float:
    if str(node.op) in ("count", "group"):
        value_of(node.expr, value)
        return 1.0
    if str(node.op) not in _SAME_OF_ONE:
        raise UnknownValueError(f"{node.op} is not foreseen")
    return value_of(node.expr, value)


def _call(node: promql_parser.Call, value: Values) -> float:
    name, arguments = node.func.name, list(node.args)
    if name in ("rate", "irate"):
        return value_of(arguments[0], value)
    if name == "increase" and isinstance(arguments[0], promql_parser.MatrixSelector):
        return value_of(arguments[0], value) * float(arguments[0].range.total_seconds())
    if name in ("clamp_min", "clamp_max"):
        pick = max if name == "clamp_min" else min
        return pick(value_of(arguments[0], value), value_of(arguments[1], value))
    if name == "abs":
        return abs(value_of(arguments[0], value))
    if name in _SAME:
        return value_of(arguments[1 if name == "quantile_over_time" else 0], value)
    raise UnknownValueError(f"{name}() is not foreseen")


def _binary(node: promql_parser.BinaryExpr, value: Values) -> float:
    name = str(node.op)
    if name not in _OPERATORS and name not in _COMPARISONS:
        raise UnknownValueError(f"{name} is not foreseen")
    left, right = value_of(node.lhs, value), value_of(node.rhs, value)
    if name in _COMPARISONS:
        holds = _COMPARISONS[name](left, right)
        is_bool = node.modifier is not None and node.modifier.return_bool
        return float(holds) if is_bool else left if holds else NOTHING
    try:
        return _OPERATORS[name](left, right)
    except (ZeroDivisionError, OverflowError, ValueError):
        return NOTHING


_SORTS: Mapping[type[promql_parser.Expr], Callable[[Any, Values], float]] = {
    promql_parser.NumberLiteral: lambda node, _: float(node.val),
    promql_parser.ParenExpr: lambda node, value: value_of(node.expr, value),
    promql_parser.SubqueryExpr: lambda node, value: value_of(node.expr, value),
    promql_parser.UnaryExpr: lambda node, value: -value_of(node.expr, value),
    promql_parser.AggregateExpr: _aggregate,
    promql_parser.Call: _call,
    promql_parser.BinaryExpr: _binary,
}
