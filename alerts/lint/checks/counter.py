"""``promql/counter``, ``promql/named-counter``."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from alerts.lint.families import find_series
from alerts.lint.finding import Asking, finding, in_expr
from alerts.lint.labels import name_of
from alerts.lint.ranges import COMPARED
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.promql import is_nan, is_zero, nodes, selectors_in

COUNTER, NAMED_COUNTER = "promql/counter", "promql/named-counter"

_KEEPING = frozenset(
    {"abs", "ceil", "clamp", "clamp_max", "clamp_min", "floor", "label_join", "label_replace",
     "round", "sort", "sort_desc", "scalar", "histogram_quantile", "avg_over_time",
     "min_over_time", "max_over_time", "last_over_time", "sum_over_time"}
)  # fmt: skip
"""Functions whose value is that of a series, or made of it."""
_OF_CHANGES = frozenset({"delta", "idelta", "deriv", "predict_linear"})
"""Functions that take a counter's restart for a fall."""
_NOT_OF_VALUES = frozenset({"count", "count_values", "group"})


def check_counter(asking: Asking, _: Rules) -> Iterator[Problem]:
    """Yield counters whose value is taken, and not how fast it grows."""
    if asking.parsed.tree is None:
        return
    yield from _changes(asking, asking.parsed.tree)
    for selector in _valued(asking.parsed.tree):
        name = name_of(selector)
        check = None if name is None else _check_of(name)
        if check is None:
            continue
        what = "a counter" if check == COUNTER else "by its name a counter"
        yield finding(
            asking,
            check,
            f"takes the value of {name}, {what}, which is of all events since a process began",
            "take rate(...) or increase(...) of it",
            in_expr(asking, name),
        )


def _changes(asking: Asking, tree: promql_parser.Expr) -> Iterator[Problem]:
    """Yield counters whose changes are taken as a gauge's are."""
    for node in nodes(tree):
        if not isinstance(node, promql_parser.Call) or node.func.name not in _OF_CHANGES:
            continue
        selector = getattr(node.args[0], "vector_selector", None)
        name = None if selector is None else name_of(selector)
        check = None if name is None else _check_of(name)
        if name is None or check is None:
            continue
        what = "a counter" if check == COUNTER else "by its name a counter"
        yield finding(
            asking,
            check,
            f"takes {node.func.name} of {name}, {what}: each restart of its process is a fall",
            "take rate(...) or increase(...) of it",
            in_expr(asking, name),
        )


def _check_of(name: str) -> str | None:
    """Return the check that finds the value of a series; None where it counts nothing up."""
    known = find_series(name)
    if known is not None:
        return COUNTER if known.kind == "counter" else None
    return NAMED_COUNTER if name.endswith("_total") else None


def _valued(node: promql_parser.Expr) -> Iterator[promql_parser.VectorSelector]:
    """Yield the selectors whose value counts, and none that is only there to be there."""
    match node:
        case promql_parser.VectorSelector():
            yield node
        case promql_parser.MatrixSelector():
            yield node.vector_selector
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            yield from _valued(node.expr)
        case promql_parser.AggregateExpr() if str(node.op) not in _NOT_OF_VALUES:
            yield from _valued(node.expr)
        case promql_parser.BinaryExpr():
            yield from _valued_of_both(node)
        case promql_parser.Call() if node.func.name in _KEEPING:
            for each in node.args:
                yield from _valued(each)


def _valued_of_both(node: promql_parser.BinaryExpr) -> Iterator[promql_parser.VectorSelector]:
    operator = str(node.op)
    if operator == "unless" or is_zero(node.lhs) or (operator == "*" and is_zero(node.rhs)):
        return  # a series that was born, or only that it is there
    if is_nan(node.lhs) or is_nan(node.rhs):
        return  # whatever the value, NaN comes of it
    if operator == "-" and _names(node.lhs) & _names(node.rhs):
        return  # how much it grew
    yield from _valued(node.lhs)
    yield from _thresholds(node.rhs) if operator == "and" else _valued(node.rhs)


def _thresholds(node: promql_parser.Expr) -> Iterator[promql_parser.VectorSelector]:
    """Yield the selectors whose value is compared, of what need only be there.

    A value above 0 is one that was born.
    """
    match node:
        case promql_parser.ParenExpr():
            yield from _thresholds(node.expr)
        case promql_parser.BinaryExpr() if str(node.op) in COMPARED:
            if not (is_zero(node.lhs) or is_zero(node.rhs)):
                yield from _valued_of_both(node)
        case promql_parser.BinaryExpr() if str(node.op) in ("and", "or"):
            yield from _thresholds(node.lhs)
            yield from _thresholds(node.rhs)


def _names(node: promql_parser.Expr) -> set[str | None]:
    return {name_of(each) for each in selectors_in(node)} - {None}
