"""PromQL in what the alerts are made of: expressions of rules, queries in annotations."""

from collections.abc import Iterator

import promql_parser

from exporters.catalog import FAMILIES
from slo import conventions

OF_PROMETHEUS = {"up", "ALERTS"}
"""Series that Prometheus itself makes."""


def known_series() -> set[str]:
    """Return every name that the exporters serve, the rules record or Prometheus makes."""
    served = {
        name
        for family in FAMILIES.values()
        for name in (
            [f"{family.name}{suffix}" for suffix in ("_bucket", "_count", "_sum")]
            if family.kind == "histogram"
            else [family.name]
        )
    }
    recorded = {
        value
        for name, value in vars(conventions).items()
        if name.isupper() and isinstance(value, str) and ":" in value
    }
    return served | recorded | OF_PROMETHEUS


def selectors(expr: str) -> list[promql_parser.VectorSelector]:
    """Return the selectors of an expression.

    Raises:
        ValueError: if it is no PromQL.
    """
    return [
        node
        for node in _nodes(promql_parser.parse(expr))
        if isinstance(node, promql_parser.VectorSelector)
    ]


def queries_of(annotation: str) -> list[str]:
    """Return the queries in a template; the alert's own values are ``x``."""
    return [each.replace("%q", '"x"') for each in annotation.split("`")[1::2]]


def _nodes(node: promql_parser.Expr) -> Iterator[promql_parser.Expr]:
    yield node
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        child = getattr(node, name, None)
        if child is not None:
            yield from _nodes(child)
    for child in getattr(node, "args", None) or []:
        yield from _nodes(child)
