"""Sloth's queries, read as trees, and the indicators that they mean.

Sloth asks each query over windows from five minutes to three days, and over the period takes the
mean of the ratios it got. Here the numerator and the denominator go apart, so that what weighs is
the traffic; whatever is a quotient, an error ratio too, is taken apart into its two sides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import promql_parser

from exporters.problems import CheckedValueError
from slo.objective import BASE_WINDOW, Indicator, Ratio, RawRatio
from slo.promql import bare, nodes
from slo.sloth.cells import result_labels
from slo.sloth.sides import good_of, quotient, stand_in, without_guard
from slo.sloth.window import EXPECTED, is_window, parse_windowed, write_samples, write_windowed
from slo.spec.queries import events_per_second, series_value

_KINDS = {
    "events": {"rate", "increase"},
    "samples": {"sum_over_time", "count_over_time"},
    "averages": {"avg_over_time"},
}
"""What a side counts, by the functions that it has over the window."""


@dataclass(frozen=True)
class ReadIndicator:
    """An indicator, and the labels that each set of whose values has a budget of its own."""

    indicator: Indicator
    grouping_labels: tuple[str, ...]
    is_counter: bool
    """OpenSLO's ``counter``: whether a ratio's sides are rates of counters, or values."""


class QueryError(CheckedValueError):
    """What is wrong with one of a pair of queries."""

    def __init__(self, side: str, message: str, check: str = "") -> None:
        self.side = side
        """``error_query`` or ``total_query``."""
        super().__init__(message, check)


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
    tree = parse_windowed(query)
    sides = quotient(without_guard(tree))
    if sides is not None:
        left, right, is_good = sides
        try:
            return _ratio(_query(left), _query(right), is_good=is_good)
        except QueryError:
            pass  # A quotient of something else, which has a value all the same.
    labels = result_labels(tree)
    share = RawRatio(series_value(write_windowed(tree)), is_good=False)
    return ReadIndicator(share, tuple(sorted(labels or ())), is_counter=False)


def _side(side: str, query: str) -> _Query:
    try:
        return _query(without_guard(parse_windowed(query)))
    except ValueError as error:
        raise QueryError(side, str(error)) from None


def _query(tree: promql_parser.Expr) -> _Query:
    tree = bare(tree)
    return _Query(tree, write_windowed(tree))


def _ratio(part: _Query, total: _Query, *, is_good: bool) -> ReadIndicator:
    """Return the ratio of good or bad events to all of them, on whichever side it is exact."""
    part_side, total_side = "error_query", "total_query"
    good = None if is_good else good_of(part.tree, total.tree)
    if good is not None:
        part, is_good = _query(without_guard(good)), True
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
    invented = stand_in(query.tree)
    if invented is not None:
        raise ValueError(
            f"found {invented}, which counts events while there are none to be seen, expected "
            "vector(0) or nothing; leave it out"
        )
    labels = result_labels(query.tree)
    if labels is None:
        raise ValueError(
            "found a result whose labels cannot be told, expected a sum; write sum(...) for one "
            "budget, or sum by (LABELS) (...) for a budget of each set of their values"
        )
    functions = {
        each.func.name
        for each in nodes(query.tree)
        if isinstance(each, promql_parser.Call) and any(map(is_window, each.args))
    }
    kind = next((name for name, each in _KINDS.items() if functions and functions <= each), None)
    if kind is None:
        raise ValueError(f"found {_list(functions, 'nothing')} over the window, {EXPECTED}")
    if kind == "events":
        expression = events_per_second(query.text)
    else:
        sampled = write_samples(query.tree)
        if BASE_WINDOW in sampled:
            raise ValueError(f"found the window where no samples are counted, {EXPECTED}")
        expression = events_per_second(sampled, is_counter=False)
    return _Events(expression, tuple(sorted(labels)), kind)


def _list(words: Iterable[str], none: str) -> str:
    return ", ".join(sorted(words)) or none
