"""Whether one expression counts a part of what another counts, so that their ratio is a share."""

from __future__ import annotations

import promql_parser

from slo.promql_text import write_grouping, write_promql

_ADDING = ("sum", "count")
_COUNTING = ("rate", "increase", "irate", "count_over_time")
_COMPARISONS = ("==", "!=", ">", ">=", "<", "<=")


def is_share(part: promql_parser.Expr, whole: promql_parser.Expr) -> bool:
    """Tell whether ``part / whole`` is from 0 to 1, because the one is some terms of the other."""
    part, whole = _without_filters(part), _without_filters(whole)
    match part, whole:
        case promql_parser.AggregateExpr(), promql_parser.AggregateExpr():
            operator = str(part.op)
            is_same = operator == str(whole.op) and operator in _ADDING
            if not is_same or write_grouping(part.modifier) != write_grouping(whole.modifier):
                return False
            if operator == "count":
                return _is_among(_without_filters(part.expr), _without_filters(whole.expr))
            return is_share(part.expr, whole.expr)
        case promql_parser.Call(), promql_parser.Call():
            if part.func.name != whole.func.name or part.func.name not in _COUNTING:
                return False
            (inner,), (outer,) = part.args, whole.args
            return _is_among(inner, outer)
    return False


def mean_of(total: promql_parser.Expr, number: promql_parser.Expr) -> promql_parser.Expr | None:
    """Return of what ``total / number`` is the mean: sum over count of the same; else None."""
    total, number = _without_filters(total), _without_filters(number)
    match total, number:
        case promql_parser.AggregateExpr(), promql_parser.AggregateExpr():
            is_mean = (str(total.op), str(number.op)) == ("sum", "count")
            is_mean &= write_grouping(total.modifier) == write_grouping(number.modifier)
            is_mean &= write_promql(total.expr) == write_promql(number.expr)
            return total.expr if is_mean else None
    return None


def _without_filters(tree: promql_parser.Expr) -> promql_parser.Expr:
    while True:
        if isinstance(tree, promql_parser.ParenExpr):
            tree = tree.expr
        elif (
            isinstance(tree, promql_parser.BinaryExpr)
            and str(tree.op) in _COMPARISONS
            and isinstance(tree.rhs, promql_parser.NumberLiteral)
            and not (tree.modifier is not None and tree.modifier.return_bool)
        ):
            tree = tree.lhs
        else:
            return tree


def _is_among(part: promql_parser.Expr, whole: promql_parser.Expr) -> bool:
    """Tell whether the series of one selector are among those of another."""
    match part, whole:
        case promql_parser.MatrixSelector(), promql_parser.MatrixSelector():
            same = part.range == whole.range
            return same and _is_among(part.vector_selector, whole.vector_selector)
        case promql_parser.VectorSelector(), promql_parser.VectorSelector():
            if part.offset != whole.offset or part.matchers.or_matchers or part.at or whole.at:
                return False
            return _names_match(part, whole) and _matchers(part) >= _matchers(whole)
    return write_promql(part) == write_promql(whole)


def _names_match(part: promql_parser.VectorSelector, whole: promql_parser.VectorSelector) -> bool:
    name, of_whole = part.name or "", whole.name or ""
    if name == of_whole:
        return bool(name)
    is_bucket = any(each.name == "le" for each in part.matchers.matchers)
    return is_bucket and name.removesuffix("_bucket") + "_count" == of_whole


def _matchers(selector: promql_parser.VectorSelector) -> set[tuple[str, str, str]]:
    return {(each.name, str(each.op), each.value) for each in selector.matchers.matchers}
