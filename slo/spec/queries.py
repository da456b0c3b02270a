"""Queries of indicators, read as a tree, and the expressions that the rules make series of."""

from __future__ import annotations

import re
from collections.abc import Sequence

import promql_parser

from exporters.durations import format_duration
from slo.objective import BASE_WINDOW
from slo.promql import children, nodes, selectors_in
from slo.spec.linear import COUNTERS, FILTERS, RATED, write_counter, write_rates

LONGEST_CHARACTERS = 4096
"""Of a query. The parser recurses, and ends the whole process where its stack does."""

DEEPEST_LEVELS = 100
"""Of expressions within expressions."""

COUNTERS_END = ("_total", "_count", "_bucket", "_sum")
"""As Prometheus's conventions and its histograms have it."""

_STAND_IN_SECONDS = 7919
"""Takes the place of the window while a query is parsed: a prime, which nobody would write."""

_STAND_IN = format_duration(_STAND_IN_SECONDS)
_TEMPLATE = re.compile(r"\{\{\s*\.window\s*\}\}")
"""How Sloth, and tools after it, write the window: ``{{.window}}``. No PromQL, so read as text."""
_LINE_BREAK = re.compile(r"\s*\n\s*")
_TEXT_OR_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|#[^\r\n]*""", re.DOTALL
)
"""A comment ends with its line, and a ``#`` in a text begins none."""


def events_per_second(query: str, *, is_counter: bool = True) -> str:
    """Return the expression of a query's events per second, one element a series.

    Args:
        query: PromQL. Of counters, either without a range (then rates are pushed down to the
            selectors, see :mod:`slo.spec.linear`), or with a range of its own: ``rate`` or
            ``increase``, which becomes ``rate``, over ``$window`` (or ``{{.window}}``) alone.
        is_counter: whether series count up. If not, the value itself is taken for events.

    Raises:
        ValueError: if it cannot be taken so, with what was found and what was expected.
    """
    text = one_line(query)
    tree = parse_query(text)
    if not is_counter:
        return _series(text, tree)
    ranges = [each for each in nodes(tree) if isinstance(each, _RANGES)]
    if not ranges:
        return write_rates(tree)
    _check_ranges(ranges)
    functions = _functions_of_ranges(tree)
    if not functions or not functions <= set(RATED):
        found = ", ".join(sorted(functions)) or "nothing"
        raise ValueError(f"found {found} over the window, {COUNTERS}")
    if "increase" not in functions:
        return _series(text, tree)
    if "rate" in functions or len(ranges) < len(_counted(tree)):
        raise ValueError(f"found increase beside what is no increase, {COUNTERS}")
    return write_rates(tree)


def is_called_a_counter(query: str) -> bool:
    """Tell whether every series of a query is called as counters are: ``requests_total``.

    Raises:
        ValueError: if it is no PromQL.
    """
    names = [each.name or "" for each in selectors_in(parse_query(one_line(query)))]
    return bool(names) and all(each.endswith(COUNTERS_END) for each in names)


def series_value(query: str) -> str:
    """Return the expression of a query that is no events: a share, a time, the depth of a queue.

    Raises:
        ValueError: if it is no PromQL, or has no value a series.
    """
    text = one_line(query)
    return _series(text, parse_query(text))


def one_line(query: str) -> str:
    """Return a query in one line, its window written as ``$window``; empty if there is nothing.

    Comments go first: of lines that are joined, one would take the rest with it. Spaces within a
    line stay: they may be within a label's value.
    """
    uncommented = _TEXT_OR_COMMENT.sub(lambda found: found[1] or "", query).strip()
    return _TEMPLATE.sub(BASE_WINDOW, _LINE_BREAK.sub(" ", uncommented))


def parse_query(query: str) -> promql_parser.Expr:
    """Return the tree of a query or an expression in one line.

    Raises:
        ValueError: if it is empty, or no PromQL, or so long or deep that nobody wrote it.
    """
    if not query:
        raise ValueError("found an empty query, expected PromQL such as requests_total")
    if len(query) > LONGEST_CHARACTERS:
        raise ValueError(f"found {len(query)} characters, expected at most {LONGEST_CHARACTERS}")
    try:
        tree = promql_parser.parse(query.replace(BASE_WINDOW, _STAND_IN))
    except ValueError as error:
        raise ValueError(f"not PromQL: {error}") from None
    if _is_too_deep(tree):
        raise ValueError(f"found more than {DEEPEST_LEVELS} expressions within each other")
    values = (matcher.value for each in selectors_in(tree) for matcher in each.matchers.matchers)
    if any(_STAND_IN in each for each in values):
        raise ValueError(f"found {BASE_WINDOW} in a label's value, expected it as a range alone")
    numbers = (each.val for each in nodes(tree) if isinstance(each, promql_parser.NumberLiteral))
    if _STAND_IN_SECONDS in numbers:
        raise ValueError(f"found {BASE_WINDOW} as a number, expected it as a range alone")
    return tree


def _is_too_deep(tree: promql_parser.Expr) -> bool:
    level = [tree]
    for _ in range(DEEPEST_LEVELS):
        level = [child for each in level for child in children(each)]
        if not level:
            return False
    return True


def _counted(tree: promql_parser.Expr) -> list[promql_parser.VectorSelector]:
    """Return the selectors in a tree, without those that only choose among others."""
    if isinstance(tree, promql_parser.VectorSelector):
        return [tree]
    if isinstance(tree, promql_parser.BinaryExpr) and str(tree.op) in FILTERS:
        return _counted(tree.lhs)
    return [selector for each in children(tree) for selector in _counted(each)]


_RANGES = promql_parser.MatrixSelector, promql_parser.SubqueryExpr


def _functions_of_ranges(tree: promql_parser.Expr) -> set[str]:
    calls = [each for each in nodes(tree) if isinstance(each, promql_parser.Call)]
    return {
        call.func.name for call in calls if any(isinstance(each, _RANGES) for each in call.args)
    }


def _check_ranges(
    ranges: Sequence[promql_parser.MatrixSelector | promql_parser.SubqueryExpr],
) -> None:
    for each in ranges:
        if not isinstance(each, promql_parser.MatrixSelector):
            raise ValueError(f"found a subquery, {COUNTERS}")  # noqa: TRY004 - of what was written
        seconds = each.range.total_seconds()
        if seconds != _STAND_IN_SECONDS:
            raise ValueError(
                f"found the range {format_duration(seconds)}, expected none, or {BASE_WINDOW} as "
                "the only one, for the rules put in their own"
            )
        write_counter(each.vector_selector)


def _series(text: str, tree: promql_parser.Expr) -> str:
    """Return a query that has a value a series, as it was written."""
    if isinstance(tree, _RANGES):
        raise ValueError(  # noqa: TRY004 - of what was written
            "found a range, which has no value at a moment, expected a function of it"
        )
    if _is_scalar(tree):
        raise ValueError("found a number of no series, expected a query of series")
    return text


def _is_scalar(tree: promql_parser.Expr) -> bool:
    """Tell what has no labels: it cannot be summed by any."""
    if isinstance(tree, promql_parser.NumberLiteral | promql_parser.StringLiteral):
        return True
    if isinstance(tree, promql_parser.Call):
        return bool(tree.func.return_type == promql_parser.ValueType.Scalar)
    if isinstance(tree, promql_parser.ParenExpr | promql_parser.UnaryExpr):
        return _is_scalar(tree.expr)
    if isinstance(tree, promql_parser.BinaryExpr):
        return _is_scalar(tree.lhs) and _is_scalar(tree.rhs)
    return False
