"""The window of Sloth's queries: where it may stand, and queries written with ours in its place."""

from __future__ import annotations

import promql_parser

from exporters.durations import format_duration
from slo.objective import BASE_WINDOW
from slo.promql import nodes, selectors_in
from slo.promql_text import write_promql
from slo.spec.queries import one_line, parse_query

WINDOW = "{{.window}}"
"""As Sloth's users write it."""

EXPECTED = (
    f"expected events or samples within the window; write sum(rate(requests_total[{WINDOW}])) or "
    f"sum(sum_over_time(bad_ratio[{WINDOW}]))"
)
"""What a query may count, for messages."""

OVER_SAMPLES = ("sum_over_time", "count_over_time", "avg_over_time")
"""Functions of the window that are sums of what can be asked now."""

_STAND_IN_SECONDS = 7907
"""Takes the place of the window while a query is parsed: a prime, which nobody would write."""
_STAND_IN = format_duration(_STAND_IN_SECONDS)


def parse_windowed(query: str) -> promql_parser.Expr:
    """Return the tree of a query that counts something within Sloth's window.

    Raises:
        ValueError: if it is no PromQL, or the window stands nowhere, or elsewhere than as a range.
    """
    text = one_line(query)
    if text and BASE_WINDOW not in text:
        raise ValueError(f"found no {WINDOW}, {EXPECTED}")
    tree = parse_query(text.replace(BASE_WINDOW, _STAND_IN))
    if any(_STAND_IN in (each.name or "") for each in selectors_in(tree)):
        raise ValueError(
            f"found the window within the name of a series, {EXPECTED}, of the series that it is "
            "recorded from"
        )
    if sum(map(is_window, nodes(tree))) != text.count(BASE_WINDOW):
        raise ValueError("found the window where no range is, expected it as a range; remove it")
    return tree


def is_window(node: promql_parser.Expr) -> bool:
    """Tell whether a node is something within the window."""
    if not isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
        return False
    range_ = node.range
    return range_ is not None and range_.total_seconds() == _STAND_IN_SECONDS


def write_windowed(tree: promql_parser.Expr) -> str:
    """Return a tree's text, with :data:`slo.objective.BASE_WINDOW` as the window."""
    return _with_base_window(write_promql(tree))


def write_samples(tree: promql_parser.Expr) -> str:
    """Return the text of a tree with the value now in place of a sum of samples over the window.

    Summed over the samples of the base, it is the same. A count of samples is 1 for each, whatever
    its value.

    Raises:
        ValueError: if samples are of another time than the window's.
    """

    def value_of(node: promql_parser.Expr) -> str | None:
        if not isinstance(node, promql_parser.Call) or node.func.name not in OVER_SAMPLES:
            return None
        (argument,) = node.args
        if not is_window(argument):
            return None
        is_subquery = isinstance(argument, promql_parser.SubqueryExpr)
        inner = argument.expr if is_subquery else argument.vector_selector
        moved = argument if is_subquery else inner
        if moved.offset is not None or moved.at is not None:
            raise ValueError(f"found an offset or @, {EXPECTED}")
        text = write_promql(inner, value_of)
        is_closed = isinstance(inner, promql_parser.ParenExpr | promql_parser.VectorSelector)
        text = text if is_closed else f"({text})"
        return f"({text} ^ 0)" if node.func.name == "count_over_time" else text

    return _with_base_window(write_promql(tree, value_of))


def _with_base_window(text: str) -> str:
    return text.replace(f"[{_STAND_IN}", f"[{BASE_WINDOW}")
