"""``alerts/always-fires``."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from alerts.lint.families import find_series
from alerts.lint.finding import finding, in_expr
from alerts.lint.labels import name_of
from alerts.lint.ranges import COMPARED
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.promql_text import write_promql
from slo.rule_reading.rules import Rule
from slo.sloth.cells import is_number

_DROPPING = frozenset({"absent", "absent_over_time", "scalar"})
"""Functions whose result is not there wherever a series is."""
_ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")


def check_always_fires(rule: Rule, _: Rules) -> Iterator[Problem]:
    """Yield alerts of a family of 0 and 1 that compare it with nothing: 0 is an element, too."""
    tree = rule.parsed.tree
    selector = None if tree is None or not rule.is_alert else _flag_of(tree)
    if selector is None:
        return
    name = name_of(selector)
    yield finding(
        rule,
        "alerts/always-fires",
        f"fires wherever {write_promql(selector)} is scraped, whether it is 0 or 1: an alert fires "
        "for each element of its expression, whatever the value",
        "compare it with == 1, or with == 0",
        in_expr(rule, name),
    )


def _flag_of(tree: promql_parser.Expr) -> promql_parser.VectorSelector | None:
    """Return a selector of 0 and 1 whose every series makes the expression have an element.

    None where that is not sure.
    """
    match tree:
        case promql_parser.VectorSelector():
            known = find_series(name_of(tree) or "")
            return tree if known is not None and known.is_flag else None
        case promql_parser.MatrixSelector():
            return _flag_of(tree.vector_selector)
        case (
            promql_parser.ParenExpr()
            | promql_parser.UnaryExpr()
            | promql_parser.SubqueryExpr()
            | promql_parser.AggregateExpr()
        ):
            return _flag_of(tree.expr)
        case promql_parser.Call() if tree.func.name not in _DROPPING:
            return next(filter(None, map(_flag_of, tree.args)), None)
        case promql_parser.BinaryExpr():
            return _flag_of_sides(tree)
    return None


def _flag_of_sides(tree: promql_parser.BinaryExpr) -> promql_parser.VectorSelector | None:
    operator = str(tree.op)
    left, right = _flag_of(tree.lhs), _flag_of(tree.rhs)
    if operator == "or":
        return left or right
    if operator == "and":
        return left if right is not None else None
    keeps_all = tree.modifier is not None and tree.modifier.return_bool
    if operator in _ARITHMETIC or (operator in COMPARED and keeps_all):
        if is_number(tree.lhs) or is_number(tree.rhs):
            return left or right
        return left if right is not None else None
    return None
