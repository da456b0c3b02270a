"""The sides of a query: what is left without guards, what a quotient is of, what is taken away."""

from __future__ import annotations

import promql_parser

from slo.promql import bare, nodes
from slo.promql_text import write_promql
from slo.sloth.cells import is_number, is_vector, vector_value

_DEEPEST_QUOTIENT = 8
"""Of ``1 - (1 - ...)``: nobody writes more."""
_PRODUCTS = ("*", "/", "%", "^", "atan2")


def without_guard(tree: promql_parser.Expr, nothing: float = 0) -> promql_parser.Expr:
    """Return a query without what its author had to write against 0/0 and missing series.

    ``or vector(0)``, ``or on() vector(0)``, ``> 0``: the rules know of both by themselves, and a
    total that is 0 where its source cannot be seen would hide that it cannot. Any other number says
    that something happens while nothing is there, and stays.

    Args:
        tree: of a query.
        nothing: the value that means no events, or no errors: 1 of a share of good events.
    """
    inner = bare(tree)
    if not isinstance(inner, promql_parser.BinaryExpr):
        return tree
    operator = str(inner.op)
    if operator == "or" and vector_value(inner.rhs) == nothing:
        return without_guard(inner.lhs, nothing)
    is_bool = inner.modifier is not None and inner.modifier.return_bool
    if operator == ">" and not is_bool and is_number(inner.rhs) and write_promql(inner.rhs) == "0":
        return without_guard(inner.lhs, nothing)
    return tree


def stand_in(tree: promql_parser.Expr) -> str | None:
    """Return the ``vector(NUMBER)`` that stands in for a whole query, or None."""
    tree = bare(tree)
    if not isinstance(tree, promql_parser.BinaryExpr) or str(tree.op) != "or":
        return None
    return write_promql(bare(tree.rhs)) if is_vector(tree.rhs) else None


def quotient(
    tree: promql_parser.Expr, nothing: int = 0, depth: int = 0
) -> tuple[promql_parser.Expr, promql_parser.Expr, bool] | None:
    """Return the part, the total, and whether the part is good: of ``A / B``, ``1 - A / B``.

    ``nothing`` is the value of no errors: 0, and 1 within ``1 - ...``.
    """
    tree = bare(tree)
    if not isinstance(tree, promql_parser.BinaryExpr) or depth > _DEEPEST_QUOTIENT:
        return None
    if str(tree.op) == "-" and is_number(tree.lhs) and write_promql(bare(tree.lhs)) == "1":
        share = without_guard(tree.rhs, 1 - nothing)
        inner = quotient(share, 1 - nothing, depth + 1)
        return (inner[0], inner[1], not inner[2]) if inner is not None else None
    is_of_series = str(tree.op) == "/" and not (is_number(tree.lhs) or is_number(tree.rhs))
    if not is_of_series or any(map(_is_product, (*nodes(tree.lhs), *nodes(tree.rhs)))):
        return None
    return without_guard(tree.lhs), without_guard(tree.rhs), False


def good_of(error: promql_parser.Expr, total: promql_parser.Expr) -> promql_parser.Expr | None:
    """Return what is taken from all events to leave the bad ones: the good.

    Good events that are not there are none, where bad events that are not there would be none too.
    """
    error = bare(error)
    if not isinstance(error, promql_parser.BinaryExpr) or str(error.op) != "-":
        return None
    is_of_all = write_promql(bare(without_guard(error.lhs))) == write_promql(bare(total))
    return error.rhs if is_of_all else None


def _is_product(node: promql_parser.Expr) -> bool:
    """Tell what does not add up over time: a product of series, which is no number of events."""
    if not isinstance(node, promql_parser.BinaryExpr) or str(node.op) not in _PRODUCTS:
        return False
    return not (is_number(node.lhs) or is_number(node.rhs))
