"""``panels/unbounded``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import promql_parser

from alerts.lint.checks.unbounded import UNBOUNDED
from alerts.lint.families import is_called_as_recorded
from alerts.lint.labels import alternatives, name_of
from dashboards.lint.board import Board, Panel
from dashboards.lint.placeholders import variable_of
from exporters import catalog
from exporters.problems import Problem
from slo.promql import children, selectors_in
from slo.sloth.cells import is_number

_CHOOSING = frozenset({"topk", "bottomk", "limitk"})
_OF_ALL = frozenset({"limit_ratio", "count_values"})
_OF_ONE = frozenset({"absent", "absent_over_time", "scalar"})
"""Functions that give one element, or a number, of however many series."""
PER_THING = UNBOUNDED | frozenset(
    {catalog.UUID, catalog.HOST, catalog.GROUP, "UUID", "gpu", "gpu_uuid", "hostname",
     "Hostname", "instance", "node", "pod", "pod_name", "container", "engine"}
)  # fmt: skip
"""Labels of which there are as many values as engines, machines or GPUs."""


def check_unbounded(panel: Panel, board: Board) -> Iterator[Problem]:
    """Yield queries whose number of series grows with the cluster."""
    for query in panel.queries:
        tree = query.parsed.tree
        if tree is None or not board.asks_prometheus(query.datasource):
            continue
        if _is_bounded(tree) or _one_is_chosen(tree, board):
            continue
        yield query.problem(
            "panels/unbounded",
            "gives as many series as there are instances, engines or GPUs",
            "aggregate them by region or model, take topk of them, or record their sum by a rule",
        )


def _is_bounded(tree: promql_parser.Expr) -> bool:
    match tree:
        case promql_parser.AggregateExpr():
            return _is_aggregation_bounded(tree)
        case promql_parser.BinaryExpr():
            return _are_sides_bounded(tree)
        case promql_parser.Call() if tree.func.name in _OF_ONE:
            return True
        case promql_parser.VectorSelector():
            return _is_recorded(tree)  # what rules record is aggregated already
    # All other expressions have the elements of what they are made of; numbers and texts have none.
    return all(_is_bounded(each) for each in children(tree))


def _is_aggregation_bounded(tree: promql_parser.AggregateExpr) -> bool:
    operator = str(tree.op)
    if operator in _CHOOSING and tree.modifier is None:
        return True
    if operator in _CHOOSING or operator in _OF_ALL:
        return _is_bounded(tree.expr)
    if tree.modifier is None:
        return True
    if tree.modifier.type == promql_parser.AggModifierType.By:
        return not PER_THING & set(tree.modifier.labels) or _is_bounded(tree.expr)
    return _is_bounded(tree.expr) or bool(PER_THING & set(tree.modifier.labels))


def _are_sides_bounded(tree: promql_parser.BinaryExpr) -> bool:
    operator = str(tree.op)
    left, right = _is_bounded(tree.lhs), _is_bounded(tree.rhs)
    if is_number(tree.lhs) or is_number(tree.rhs):
        return right if is_number(tree.lhs) else left
    if operator == "or":
        return left and right
    if operator == "unless":
        return left
    card = None if tree.modifier is None else tree.modifier.card
    if card == promql_parser.VectorMatchCardinality.ManyToOne:
        return left
    if card == promql_parser.VectorMatchCardinality.OneToMany:
        return right
    return left or right


def _one_is_chosen(tree: promql_parser.Expr, board: Board) -> bool:
    """Tell whether each selector chooses one thing: by its name, or a variable of one value."""
    single = {each.name for each in board.variables if not each.has_many}
    return all(
        any(
            matcher.name in PER_THING and _is_single(matcher, single)
            for matchers in alternatives(selector)
            for matcher in matchers
        )
        for selector in selectors_in(tree)
        if not _is_recorded(selector)
    )


def _is_single(matcher: promql_parser.Matcher, single: Collection[str]) -> bool:
    if matcher.op == promql_parser.MatchOp.Equal:
        return bool(matcher.value)
    return matcher.op == promql_parser.MatchOp.Re and variable_of(matcher.value) in single


def _is_recorded(selector: promql_parser.VectorSelector) -> bool:
    return is_called_as_recorded(name_of(selector) or "")
