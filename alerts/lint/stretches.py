"""How long a condition on the calendar holds at a stretch, such as ``hour() == 3``."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

import promql_parser

from slo.promql import bare

_UNITS: Mapping[str, tuple[range, float]] = {
    "minute": (range(60), 60.0),
    "hour": (range(24), 3600.0),
    "day_of_week": (range(7), 86400.0),
    "day_of_month": (range(1, 32), 86400.0),
    "month": (range(1, 13), 31 * 86400.0),
}
"""Values of a function, and for how many seconds at most it has each."""
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
    "<": operator.lt, "<=": operator.le,
}  # fmt: skip


def longest_seconds(tree: promql_parser.Expr) -> float:
    """Return for how long an expression can have a result at most; infinity if nothing limits it.

    Only conditions on the calendar do, and what is joined with them.
    """
    match tree:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.AggregateExpr():
            return longest_seconds(tree.expr)
        case promql_parser.BinaryExpr():
            return _of_both(tree)
    return math.inf


def _of_both(tree: promql_parser.BinaryExpr) -> float:
    name = str(tree.op)
    if name == "or":
        return math.inf
    if name == "unless":
        return longest_seconds(tree.lhs)
    own = _of_comparison(tree) if name in _COMPARED else math.inf
    return min(own, longest_seconds(tree.lhs), longest_seconds(tree.rhs))


def _of_comparison(tree: promql_parser.BinaryExpr) -> float:
    if tree.modifier is not None and tree.modifier.return_bool:
        return math.inf
    left, right = bare(tree.lhs), bare(tree.rhs)
    if not isinstance(left, promql_parser.Call) or left.func.name not in _UNITS:
        return math.inf
    if not isinstance(right, promql_parser.NumberLiteral) or not _is_now(left):
        return math.inf
    values, seconds = _UNITS[left.func.name]
    compare = _COMPARED[str(tree.op)]
    holds = [compare(float(each), right.val) for each in values]
    if all(holds):
        return math.inf
    longest = run = 0
    for each in (*holds, *holds):  # the last is followed by the first
        run = run + 1 if each else 0
        longest = max(longest, run)
    return longest * seconds


def _is_now(call: promql_parser.Call) -> bool:
    """Tell whether a function is of the time of the evaluation, and not of a series' value."""
    if not call.args:
        return True
    argument = bare(call.args[0])
    if not isinstance(argument, promql_parser.Call) or argument.func.name != "vector":
        return False
    inner = bare(argument.args[0])
    return isinstance(inner, promql_parser.Call) and inner.func.name == "time"
