"""Queries of indicators, read as a tree: selectors of counters and nothing else."""

from __future__ import annotations

import promql_parser

from slo.objective import BASE_WINDOW

EXPECTED = 'expected a selector of counters such as requests_total{outcome="error"}'


def events_per_second(query: str) -> str:
    """Return the expression of a counter's events per second: its rate over the base window."""
    return f"rate({query}[{BASE_WINDOW}])"


def wrong_with_selector(query: str) -> str | None:
    """Return what is wrong with a query, or None if the rules can give it their window.

    They write ``rate(QUERY[window])``, which means what it says only for a plain selector: no
    function, no operator, no range, no offset, no comment. Its name stands before its braces,
    where alerts look for the exporter that serves it.
    """
    try:
        tree = promql_parser.parse(query)
    except ValueError as error:
        return f"not PromQL: {error}"
    if not isinstance(tree, promql_parser.VectorSelector):
        return f"found {_SORTS.get(type(tree), 'an expression')}, {EXPECTED}"
    if tree.offset is not None or tree.at is not None:
        return f"found an offset or @, {EXPECTED}"
    if tree.matchers.or_matchers:
        return f"found 'or' between matchers, which Prometheus does not know, {EXPECTED}"
    if tree.name is None:
        return f"found no name of a series before the braces, {EXPECTED}"
    hidden = f"found a comment, which would hide the window, {EXPECTED}"
    return None if _can_be_rated(query) else hidden


def _can_be_rated(query: str) -> bool:
    try:
        promql_parser.parse(f"rate({query}[1m])")
    except ValueError:
        return False
    return True


_SORTS: dict[type, str] = {
    promql_parser.Call: "a function",
    promql_parser.AggregateExpr: "an aggregation",
    promql_parser.BinaryExpr: "an operator",
    promql_parser.MatrixSelector: "a range",
    promql_parser.SubqueryExpr: "a subquery",
    promql_parser.NumberLiteral: "a number",
    promql_parser.ParenExpr: "parentheses",
}
