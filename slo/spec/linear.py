"""Sums of counters, turned into sums of their rates.

A rate is linear, so that the rate of a sum is the sum of the rates; but Prometheus must be asked
for the latter: in the former, one source that starts anew looks as if all of them did.
"""

from __future__ import annotations

import math

import promql_parser

from slo.objective import BASE_WINDOW
from slo.promql import nodes
from slo.promql_text import write_grouping, write_matching, write_promql, write_selector

COUNTERS = (
    'expected a counter such as requests_total{outcome="error"}, or counters joined by sum, or, + '
    f"and -, or rate(...[{BASE_WINDOW}])"
)
"""What a query of counters may be, for messages."""

FILTERS = ("and", "unless")
"""Operators that choose among the series of their left side, by what is there on their right."""

RATED = ("rate", "increase")
"""The functions that may stand around a selector already."""


def write_rates(tree: promql_parser.Expr) -> str:
    """Return the expression of a sum of counters per second, over the base window.

    Sums are ``sum``, ``or``, ``+`` and ``-``, multiples by a number, and ``vector(0)`` where there
    is nothing. Whether counters have a range already is the caller's to check; ``increase`` over
    the window becomes ``rate``, which is the same per second.

    Raises:
        ValueError: if it is no such sum, with what was found and what was expected.
    """
    if isinstance(tree, promql_parser.VectorSelector):
        return f"rate({write_counter(tree)}[{BASE_WINDOW}])"
    if isinstance(tree, promql_parser.ParenExpr):
        return f"({write_rates(tree.expr)})"
    if isinstance(tree, promql_parser.AggregateExpr):
        return _write_sum(tree)
    if isinstance(tree, promql_parser.BinaryExpr):
        return _write_operator(tree)
    if isinstance(tree, promql_parser.Call):
        name, arguments = tree.func.name, tree.args
        if name in RATED and isinstance(arguments[0], promql_parser.MatrixSelector):
            return write_rates(arguments[0].vector_selector)
        if name == "vector" and _number(arguments[0]) == 0:
            return "vector(0)"
        raise ValueError(f"found the function {name}, {COUNTERS}")
    raise ValueError(f"found {_SORTS.get(type(tree), 'an expression')}, {COUNTERS}")


def write_counter(selector: promql_parser.VectorSelector) -> str:
    """Return the text of a counter's selector, its values quoted as Prometheus reads them.

    Raises:
        ValueError: if it is of another time than now, or its name, by which alerts find the
            exporter that serves it, does not stand before its braces.
    """
    if selector.offset is not None or selector.at is not None:
        raise ValueError(f"found an offset or @, {COUNTERS}")
    if selector.matchers.or_matchers:
        raise ValueError(f"found 'or' between matchers, which Prometheus does not know, {COUNTERS}")
    if selector.name is None:
        raise ValueError(f"found no name of a series before the braces, {COUNTERS}")
    return write_selector(selector.name, selector.matchers.matchers)


def _write_sum(tree: promql_parser.AggregateExpr) -> str:
    if str(tree.op) != "sum":
        raise ValueError(f"found the aggregation {tree.op}, {COUNTERS}")
    return f"sum{write_grouping(tree.modifier)}({write_rates(tree.expr)})"


def _write_operator(tree: promql_parser.BinaryExpr) -> str:
    operator = str(tree.op)
    if operator in FILTERS:
        if any(isinstance(each, promql_parser.MatrixSelector) for each in nodes(tree.rhs)):
            raise ValueError(f"found a range after {operator}, {COUNTERS}")
        kept = f"{write_rates(tree.lhs)} {operator}{write_matching(tree.modifier)}"
        return f"{kept} {write_promql(tree.rhs)}"
    left, right = _number(tree.lhs), _number(tree.rhs)
    if operator == "*" and left is not None:
        return f"{_multiple(left, tree.lhs)} * {write_rates(tree.rhs)}"
    if operator in ("*", "/") and right is not None:
        return f"{write_rates(tree.lhs)} {operator} {_multiple(right, tree.rhs, operator)}"
    if operator not in ("or", "+", "-"):
        raise ValueError(f"found the operator {operator}, {COUNTERS}")
    both = write_rates(tree.lhs), write_rates(tree.rhs)
    return f" {operator}{write_matching(tree.modifier)} ".join(both)


def _number(tree: promql_parser.Expr) -> float | None:
    return tree.val if isinstance(tree, promql_parser.NumberLiteral) else None


def _multiple(number: float, tree: promql_parser.Expr, operator: str = "*") -> str:
    is_too_small = number < 0 or (operator == "/" and number == 0)
    if is_too_small or not math.isfinite(number):
        raise ValueError(f"found a multiple of {operator} {tree}, expected one of 0 or more events")
    return str(tree)


_SORTS: dict[type, str] = {
    promql_parser.MatrixSelector: "a range that no function takes",
    promql_parser.SubqueryExpr: "a subquery",
    promql_parser.NumberLiteral: "a number",
    promql_parser.StringLiteral: "a text",
    promql_parser.UnaryExpr: "a negative",
}
