"""Sloth's queries, read as trees, and the indicators that they mean.

Sloth asks each query over windows from five minutes to three days, and over the period takes the
mean of the ratios it got. Here the numerator and the denominator go apart, so that what weighs is
the traffic; whatever is a quotient, an error ratio too, is taken apart into its two sides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import promql_parser

from exporters.durations import format_duration
from slo.objective import BASE_WINDOW, Indicator, Ratio, RawRatio
from slo.promql import nodes
from slo.promql_text import write_promql
from slo.sloth.cells import is_number, is_vector, result_labels
from slo.spec.queries import (
    events_per_second,
    one_line,
    parse_query,
    selectors_in,
    series_value,
)

WINDOW = "{{.window}}"
"""As Sloth's users write it."""

_STAND_IN_SECONDS = 7907
"""Takes the place of the window while a query is parsed: a prime, which nobody would write."""
_STAND_IN = format_duration(_STAND_IN_SECONDS)
_DEEPEST_QUOTIENT = 8
"""Of ``1 - (1 - ...)``: nobody writes more."""

_RATES = {"rate", "increase"}
_SAMPLED = {"sum_over_time", "count_over_time"}
_AVERAGED = {"avg_over_time"}
_KINDS = {"events": _RATES, "samples": _SAMPLED, "averages": _AVERAGED}
"""What a side counts, by the functions that it has over the window."""
_PRODUCTS = ("*", "/", "%", "^", "atan2")
_EXPECTED = (
    f"expected events or samples within the window; write sum(rate(requests_total[{WINDOW}])) or "
    f"sum(sum_over_time(bad_ratio[{WINDOW}]))"
)


@dataclass(frozen=True)
class ReadIndicator:
    """An indicator, and the labels that each set of whose values has a budget of its own."""

    indicator: Indicator
    grouping_labels: tuple[str, ...]
    is_counter: bool
    """OpenSLO's ``counter``: whether a ratio's sides are rates of counters, or values."""


class QueryError(ValueError):
    """What is wrong with one of a pair of queries."""

    def __init__(self, side: str, message: str) -> None:
        self.side = side
        """``error_query`` or ``total_query``."""
        super().__init__(message)


@dataclass(frozen=True)
class _Query:
    tree: promql_parser.Expr
    text: str
    """With the window as :data:`BASE_WINDOW`."""


@dataclass(frozen=True)
class _Events:
    expression: str
    grouping_labels: tuple[str, ...]
    kind: str
    """Of :data:`_KINDS`."""


def read_events(error_query: str, total_query: str) -> ReadIndicator:
    """Return the indicator that two queries of events mean.

    Where the errors are the total less something, that something is the good events.

    Raises:
        QueryError: with what was found and what was expected.
    """
    total = _side("total_query", total_query)
    error = _side("error_query", error_query)
    if error.text == total.text:
        raise QueryError(
            "error_query", "found the same query as total_query, expected bad events; select them"
        )
    return _ratio(error, total, is_good=False)


def read_error_ratio(query: str) -> ReadIndicator:
    """Return the indicator that a query of an error ratio means.

    A quotient is a :class:`~slo.objective.Ratio` of its two sides. All else is a
    :class:`~slo.objective.RawRatio`, in which each moment weighs the same.

    Raises:
        ValueError: with what was found and what was expected.
    """
    parsed = _parse(query)
    quotient = _quotient(_without_guard(parsed.tree))
    if quotient is not None:
        left, right, is_good = quotient
        try:
            return _ratio(_query(left), _query(right), is_good=is_good)
        except QueryError:
            pass  # A quotient of something else, which has a value all the same.
    labels = result_labels(parsed.tree)
    share = RawRatio(series_value(parsed.text), is_good=False)
    return ReadIndicator(share, tuple(sorted(labels or ())), is_counter=False)


def _side(side: str, query: str) -> _Query:
    try:
        return _query(_without_guard(_parse(query).tree))
    except ValueError as error:
        raise QueryError(side, str(error)) from None


def _parse(query: str) -> _Query:
    text = one_line(query)
    if text and BASE_WINDOW not in text:
        raise ValueError(f"found no {WINDOW}, {_EXPECTED}")
    tree = parse_query(text.replace(BASE_WINDOW, _STAND_IN))
    for selector in selectors_in(tree):
        if _STAND_IN in (selector.name or ""):
            raise ValueError(
                f"found the window within the name of a series, {_EXPECTED}, of the series that "
                "it is recorded from"
            )
        if any(_STAND_IN in each.value for each in selector.matchers.matchers):
            raise ValueError(
                "found the window in a label's value, expected it as a range; remove it"
            )
    return _query(tree)


def _query(tree: promql_parser.Expr) -> _Query:
    tree = _bare(tree)
    return _Query(tree, _write(tree))


def _ratio(part: _Query, total: _Query, *, is_good: bool) -> ReadIndicator:
    """Return the ratio of good or bad events to all of them, on whichever side it is exact."""
    part_side, total_side = "error_query", "total_query"
    good = None if is_good else _good_of(part.tree, total.tree)
    if good is not None:
        part, is_good = _query(_without_guard(good)), True
    all_events = _events(total_side, total)
    events = _events(part_side, part)
    if events.kind != all_events.kind:
        raise QueryError(
            part_side,
            f"found {events.kind}, expected {all_events.kind}, as in {total_side}; count the same "
            "on both sides",
        )
    if events.grouping_labels != all_events.grouping_labels:
        raise QueryError(
            part_side,
            f"found a result by {_list(events.grouping_labels, 'no label')}, expected by "
            f"{_list(all_events.grouping_labels, 'none')}, as in {total_side}; sum both "
            "by the same labels",
        )
    sides = {"good" if is_good else "bad": events.expression}
    return ReadIndicator(
        Ratio(all_events.expression, **sides),
        all_events.grouping_labels,
        is_counter=all_events.kind == "events",
    )


def _events(side: str, query: _Query) -> _Events:
    try:
        return _read_side(query)
    except ValueError as error:
        raise QueryError(side, str(error)) from None


def _read_side(query: _Query) -> _Events:
    labels = result_labels(query.tree)
    if labels is None:
        raise ValueError(
            "found a result whose labels cannot be told, expected a sum; write sum(...) for one "
            "budget, or sum by (LABELS) (...) for a budget of each set of their values"
        )
    functions = {
        each.func.name
        for each in nodes(query.tree)
        if isinstance(each, promql_parser.Call) and any(map(_is_window, each.args))
    }
    kind = next((name for name, each in _KINDS.items() if functions and functions <= each), None)
    if kind is None:
        raise ValueError(f"found {_list(functions, 'nothing')} over the window, {_EXPECTED}")
    if kind == "events":
        expression = events_per_second(query.text)
    else:
        sampled = _write(query.tree, sampled=True)
        if BASE_WINDOW in sampled:
            raise ValueError(f"found the window where no samples are counted, {_EXPECTED}")
        expression = events_per_second(sampled, is_counter=False)
    return _Events(expression, tuple(sorted(labels)), kind)


def _good_of(error: promql_parser.Expr, total: promql_parser.Expr) -> promql_parser.Expr | None:
    """Return what is taken from all events to leave the bad ones: the good.

    Good events that are not there are none, where bad events that are not there would be none too.
    """
    error = _bare(error)
    if not isinstance(error, promql_parser.BinaryExpr) or str(error.op) != "-":
        return None
    is_of_all = _write(_bare(_without_guard(error.lhs))) == _write(_bare(total))
    return error.rhs if is_of_all else None


def _quotient(
    tree: promql_parser.Expr, depth: int = 0
) -> tuple[promql_parser.Expr, promql_parser.Expr, bool] | None:
    """Return the part, the total, and whether the part is good: of ``A / B``, ``1 - A / B``."""
    tree = _bare(tree)
    if not isinstance(tree, promql_parser.BinaryExpr) or depth > _DEEPEST_QUOTIENT:
        return None
    if str(tree.op) == "-" and is_number(tree.lhs) and _write(_bare(tree.lhs)) == "1":
        inner = _quotient(_without_guard(tree.rhs), depth + 1)
        return (inner[0], inner[1], not inner[2]) if inner is not None else None
    is_of_series = str(tree.op) == "/" and not (is_number(tree.lhs) or is_number(tree.rhs))
    if not is_of_series or any(map(_is_product, (*nodes(tree.lhs), *nodes(tree.rhs)))):
        return None
    return _without_guard(tree.lhs), _without_guard(tree.rhs), False


def _is_product(node: promql_parser.Expr) -> bool:
    """Tell what does not add up over time: a product of series, which is no number of events."""
    if not isinstance(node, promql_parser.BinaryExpr) or str(node.op) not in _PRODUCTS:
        return False
    return not (is_number(node.lhs) or is_number(node.rhs))


def _without_guard(tree: promql_parser.Expr) -> promql_parser.Expr:
    """Return a query without what its author had to write against 0/0 and missing series.

    ``or vector(0)``, ``or on() vector(0)``, ``> 0``: the rules know of both by themselves, and a
    total that is 0 where its source cannot be seen would hide that it cannot.
    """
    bare = _bare(tree)
    if not isinstance(bare, promql_parser.BinaryExpr):
        return tree
    operator = str(bare.op)
    if operator == "or" and is_vector(bare.rhs):
        return _without_guard(bare.lhs)
    is_bool = bare.modifier is not None and bare.modifier.return_bool
    if operator == ">" and not is_bool and is_number(bare.rhs) and _write(bare.rhs) == "0":
        return _without_guard(bare.lhs)
    return tree


def _bare(tree: promql_parser.Expr) -> promql_parser.Expr:
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    return tree


def _is_window(node: promql_parser.Expr) -> bool:
    if not isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
        return False
    range_ = node.range
    return range_ is not None and range_.total_seconds() == _STAND_IN_SECONDS


def _write(tree: promql_parser.Expr, *, sampled: bool = False) -> str:
    """Return a tree's text, the stand-in written as the window.

    If ``sampled``, what is summed over the window is written as its value now: summed over the
    samples of the base, it is the same. A count of samples is 1 for each, whatever its value.
    """

    def value_of(node: promql_parser.Expr) -> str | None:
        if not isinstance(node, promql_parser.Call) or node.func.name not in _SAMPLED | _AVERAGED:
            return None
        (argument,) = node.args
        if not _is_window(argument):
            return None
        is_subquery = isinstance(argument, promql_parser.SubqueryExpr)
        inner = argument.expr if is_subquery else argument.vector_selector
        moved = argument if is_subquery else inner
        if moved.offset is not None or moved.at is not None:
            raise ValueError(f"found an offset or @, {_EXPECTED}")
        text = write_promql(inner, value_of)
        is_closed = isinstance(inner, promql_parser.ParenExpr | promql_parser.VectorSelector)
        text = text if is_closed else f"({text})"
        return f"({text} ^ 0)" if node.func.name == "count_over_time" else text

    written = write_promql(tree, value_of) if sampled else write_promql(tree)
    return written.replace(f"[{_STAND_IN}", f"[{BASE_WINDOW}")


def _list(words: Iterable[str], none: str) -> str:
    return ", ".join(sorted(words)) or none
