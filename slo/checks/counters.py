"""What is counted as bad or good events, and cannot be: a gauge's rate, a counter's value, all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser

from exporters.catalog import FAMILIES
from exporters.problems import Problem
from slo.checks.finding import finding, sides
from slo.checks.series import equal_bound
from slo.objective import BASE_WINDOW, Objective, Ratio, Threshold
from slo.promql import is_zero
from slo.promql_text import write_promql

_RATES = frozenset({"rate", "increase", "irate"})
_KEEPING = frozenset(
    {"abs", "ceil", "clamp", "clamp_max", "clamp_min", "floor", "label_join", "label_replace",
     "round", "sort", "sort_desc"}
)  # fmt: skip
"""Functions whose value is that of a series, or nearly."""
_NOT_OF_VALUES = frozenset({"count", "count_values", "group"})
"""Aggregations to which a series' value is nothing."""
_RECORDED = ("slo:", "shardwatch:")
_OF_HISTOGRAMS = frozenset({"bucket", "count", "sum"})


@dataclass(frozen=True)
class _Term:
    """A series whose value counts in an expression."""

    selector: promql_parser.VectorSelector
    is_rated: bool
    is_added: bool
    """Or else taken away."""


def check_counters(objective: Objective) -> Iterator[Problem]:
    """Yield what an indicator counts and is no event, or not the events that it should be."""
    parts = sides(objective)
    for side, expression in parts.items():
        terms = list(_terms(_tree(expression)))
        yield from _check_rates(objective, side, terms)
        if not isinstance(objective.indicator, Threshold):
            yield from _check_values(objective, side, terms)
        if side == "bad":
            yield from _check_buckets(objective, terms)
    if isinstance(objective.indicator, Ratio):
        total = parts.pop("total")
        for side, expression in parts.items():
            if write_promql(_tree(expression)) == write_promql(_tree(total)):
                yield finding(
                    objective,
                    "part-is-total",
                    f"{side} counts the same events as total: all are {side}, whatever happens",
                    f"select the {side} events by a label",
                )


def _check_rates(objective: Objective, side: str, terms: list[_Term]) -> Iterator[Problem]:
    for each in terms:
        name = each.selector.name or ""
        what = _what_is_no_counter(name)
        if each.is_rated and what:
            yield finding(
                objective,
                "not-a-counter",
                f"{side} takes the rate of {name}, which is {what} and counts nothing up",
                "take a counter (_total, _count, _bucket), or counter: false if its values are "
                "events now",
            )


def _check_values(objective: Objective, side: str, terms: list[_Term]) -> Iterator[Problem]:
    for each in terms:
        name = each.selector.name or ""
        if not each.is_rated and _is_counter(name):
            yield finding(
                objective,
                "counter-as-value",
                f"{side} takes the value of {name}, a counter, which is of all events since its "
                "exporter began",
                "write counter: true, or rate(...) of it",
            )


def _check_buckets(objective: Objective, terms: list[_Term]) -> Iterator[Problem]:
    for each in terms:
        bound = equal_bound(each.selector)
        if each.is_added and bound is not None and bound != "+Inf":
            yield finding(
                objective,
                "bucket-as-bad",
                f'bad counts the bucket le="{bound}" of {each.selector.name}: those events that '
                "took no longer",
                "write it as good",
            )


def _what_is_no_counter(name: str) -> str | None:
    if name.startswith(_RECORDED):
        return "recorded by a rule"
    family = FAMILIES.get(name)
    return "a gauge" if family is not None and family.kind == "gauge" else None


def _is_counter(name: str) -> bool:
    """Tell whether a name is of one of our counters, or of a histogram's."""
    family = FAMILIES.get(name)
    if family is not None:
        return family.kind == "counter"
    base, _, suffix = name.rpartition("_")
    family = FAMILIES.get(base)
    return family is not None and family.kind == "histogram" and suffix in _OF_HISTOGRAMS


def _tree(expression: str) -> promql_parser.Expr:
    return promql_parser.parse(expression.replace(BASE_WINDOW, "1m"))


def _terms(node: promql_parser.Expr, *, is_added: bool = True) -> Iterator[_Term]:
    """Yield the series that an expression sums up, and none of those it only compares or counts."""
    match node:
        case promql_parser.VectorSelector():
            yield _Term(node, is_rated=False, is_added=is_added)
        case promql_parser.ParenExpr():
            yield from _terms(node.expr, is_added=is_added)
        case promql_parser.UnaryExpr():
            yield from _terms(node.expr, is_added=not is_added)
        case promql_parser.AggregateExpr() if str(node.op) not in _NOT_OF_VALUES:
            yield from _terms(node.expr, is_added=is_added)
        case promql_parser.BinaryExpr():
            yield from _terms_of_both(node, is_added=is_added)
        case promql_parser.Call():
            for each in node.args:
                if node.func.name in _KEEPING:
                    yield from _terms(each, is_added=is_added)
                elif node.func.name in _RATES and isinstance(each, promql_parser.MatrixSelector):
                    yield _Term(each.vector_selector, is_rated=True, is_added=is_added)


def _terms_of_both(node: promql_parser.BinaryExpr, *, is_added: bool) -> Iterator[_Term]:
    operator = str(node.op)
    if operator in ("or", "+", "-"):
        yield from _terms(node.lhs, is_added=is_added)
        yield from _terms(node.rhs, is_added=is_added == (operator != "-"))
    elif operator in ("*", "/") and not (is_zero(node.lhs) or is_zero(node.rhs)):
        yield from _terms(node.lhs, is_added=is_added)
        yield from _terms(node.rhs, is_added=is_added)
    elif operator not in ("^", "%", "atan2", "*", "/"):
        is_bool = node.modifier is not None and node.modifier.return_bool
        if not is_bool:  # a filter, which leaves the value of its left side
            yield from _terms(node.lhs, is_added=is_added)
