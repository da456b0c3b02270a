"""Whether an expression of rates is a number of events: a sum of them, and nothing taken of it.

Events add up, over series and over time. A quantile, a maximum, a mean or a quotient of rates does
not, though it has a number for each cell: the budget would be of something else.
"""

from __future__ import annotations

import promql_parser

from slo.objective import BASE_WINDOW
from slo.promql import is_zero, nodes

_RATES = ("rate", "increase")
_RELABELLING = ("label_replace", "label_join", "sort", "sort_desc")
_ADDING = ("or", "+", "-")
_SELECTING = ("and", "unless")
_GUARDS = (">", ">=", "!=")
"""With 0 on the right: they take out nothing that counts."""


def other_than_events(expression: str) -> str | None:
    """Return what an expression takes of rates that makes it no number of events, or None.

    Args:
        expression: may have :data:`~slo.objective.BASE_WINDOW`. Without a rate it is not looked at.

    Raises:
        ValueError: if it is no PromQL.
    """
    tree = promql_parser.parse(expression.replace(BASE_WINDOW, "1m"))
    return _other(tree) if _has_rates(tree) else None


def _other(tree: promql_parser.Expr) -> str | None:
    match tree:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return _other(tree.expr)
        case promql_parser.AggregateExpr():
            return _other(tree.expr) if str(tree.op) == "sum" else f"the aggregation {tree.op}"
        case promql_parser.BinaryExpr():
            return _other_of_two(tree)
        case promql_parser.Call():
            return _other_of_call(tree)
    return None


def _other_of_call(tree: promql_parser.Call) -> str | None:
    name, arguments = tree.func.name, tree.args
    if name in _RATES or (name == "vector" and is_zero(arguments[0])):
        return None
    if name in _RELABELLING:
        return _other(arguments[0])
    return f"the function {name}"


def _other_of_two(tree: promql_parser.BinaryExpr) -> str | None:
    operator, left, right = str(tree.op), tree.lhs, tree.rhs
    if operator in _ADDING:
        return _other(left) or _other(right)
    if operator in _SELECTING:
        return _other(left)
    if operator == "*" and not (_has_rates(left) and _has_rates(right)):
        return _other(left if _has_rates(left) else right)
    if operator == "/" and not _has_rates(right):
        return _other(left)
    is_guard = operator in _GUARDS and is_zero(right)
    if is_guard and not (tree.modifier is not None and tree.modifier.return_bool):
        return _other(left)
    return f"the operator {operator} of rates"


def _has_rates(tree: promql_parser.Expr) -> bool:
    return any(
        isinstance(each, promql_parser.Call) and each.func.name in _RATES for each in nodes(tree)
    )
