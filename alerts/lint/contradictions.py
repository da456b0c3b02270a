"""Conditions on one and the same value that exclude each other: ``up > 0.5 and up < 0.2``."""

from __future__ import annotations

import operator as operators
from collections import defaultdict
from collections.abc import Iterator, Sequence

import promql_parser

from alerts.lint.labels import has_fill, name_of
from alerts.lint.ranges import ANY, COMPARED, filtered, of_number
from slo.promql import bare, selectors_in
from slo.promql_text import write_promql

_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
_HOLDS = {">": operators.gt, ">=": operators.ge, "<": operators.lt, "<=": operators.le,
          "==": operators.eq, "!=": operators.ne}  # fmt: skip

Condition = tuple[str, float]
"""A comparison's operator, and the number on its right."""


def contradiction(tree: promql_parser.BinaryExpr) -> str | None:
    """Return why ``and`` joins what is never true of one value; None if it may be.

    Two sides that are matched on all their labels are the same element where they are the same
    expression, of series with one name.
    """
    conditions: dict[str, list[Condition]] = defaultdict(list)
    for compared, condition in _conditions(tree):
        if None not in map(name_of, selectors_in(compared)):
            conditions[write_promql(compared)].append(condition)
    for text, asked in conditions.items():
        if not _is_possible(asked):
            said = " and ".join(f"{operator} {number:g}" for operator, number in asked)
            return f"{text} is never {said}"
    return None


def compares_with_itself(tree: promql_parser.BinaryExpr) -> bool:
    """Tell whether a value is asked to be above or below itself."""
    if str(tree.op) not in (">", "<") or has_fill(tree):
        return False
    return write_promql(tree.lhs) == write_promql(tree.rhs)


def _conditions(tree: promql_parser.Expr) -> Iterator[tuple[promql_parser.Expr, Condition]]:
    """Yield what is compared with a number wherever the expression has an element, and how."""
    match tree:
        case promql_parser.ParenExpr():
            yield from _conditions(tree.expr)
        case promql_parser.BinaryExpr() if str(tree.op) in ("and", "unless"):
            yield from _conditions(tree.lhs)
            if str(tree.op) == "and" and (tree.modifier is None or tree.modifier.matching is None):
                yield from _conditions(tree.rhs)
        case promql_parser.BinaryExpr() if str(tree.op) in COMPARED:
            yield from _of_comparison(tree)


def _of_comparison(
    tree: promql_parser.BinaryExpr,
) -> Iterator[tuple[promql_parser.Expr, Condition]]:
    if tree.modifier is not None and tree.modifier.return_bool:
        return
    left, right, operator = tree.lhs, tree.rhs, str(tree.op)
    if isinstance(left, promql_parser.NumberLiteral):
        left, right, operator = right, left, _MIRRORED[operator]
    if not isinstance(right, promql_parser.NumberLiteral):
        return
    left = bare(left)
    if isinstance(left, promql_parser.BinaryExpr) and str(left.op) in COMPARED:
        yield from ((inner, (operator, right.val)) for inner, _ in _of_comparison(left))
        yield from _of_comparison(left)
    else:
        yield left, (operator, right.val)


def _is_possible(asked: Sequence[Condition]) -> bool:
    """Tell whether some value satisfies all conditions; an end of their range, or its middle."""
    values = ANY
    for operator, number in asked:
        values = filtered(operator, values, of_number(number), is_left=True)
    if values.low < values.high:
        return True
    return values.low == values.high and all(
        _HOLDS[operator](values.low, number) for operator, number in asked
    )
