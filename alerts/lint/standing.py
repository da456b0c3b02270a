"""Whether an expression has a result at any time, whatever is scraped."""

from __future__ import annotations

import promql_parser

from slo.sloth.cells import is_number

_KEEPING = ("sum", "avg", "min", "max", "group", "count")
_CALENDAR = ("hour", "minute", "day_of_week", "day_of_month", "day_of_year", "days_in_month",
             "month", "year")  # fmt: skip
_LEAVING_OUT = ("==", "!=", ">", ">=", "<", "<=", "and", "unless")


def is_always_there(tree: promql_parser.Expr) -> bool:
    """Tell whether an expression has an element at any time: ``vector(1)``, or what ends in it."""
    match tree:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return is_always_there(tree.expr)
        case promql_parser.AggregateExpr():
            return str(tree.op) in _KEEPING and is_always_there(tree.expr)
        case promql_parser.BinaryExpr():
            return _one_is(tree)
        case promql_parser.Call():
            is_now = tree.func.name in _CALENDAR and not tree.args
            return is_now or tree.func.name == "vector"
    return False


def _one_is(tree: promql_parser.BinaryExpr) -> bool:
    operator = str(tree.op)
    if operator == "or":
        return is_always_there(tree.lhs) or is_always_there(tree.rhs)
    if operator in _LEAVING_OUT:
        return False
    if is_number(tree.rhs):
        return is_always_there(tree.lhs)
    return is_number(tree.lhs) and is_always_there(tree.rhs)
