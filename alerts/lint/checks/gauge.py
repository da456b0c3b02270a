"""``promql/gauge``."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from alerts.lint.families import find_series, is_called_as_recorded
from alerts.lint.finding import Asking, finding, in_expr
from alerts.lint.labels import name_of
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.promql import nodes

_RATES = frozenset({"rate", "increase", "irate"})


def check_gauge(asking: Asking, rules: Rules) -> Iterator[Problem]:
    """Yield rates of what does not count up."""
    if asking.parsed.tree is None:
        return
    for node in nodes(asking.parsed.tree):
        if not isinstance(node, promql_parser.Call) or node.func.name not in _RATES:
            continue
        selector = getattr(node.args[0], "vector_selector", None)
        name = None if selector is None else name_of(selector)
        what = None if name is None else _what(name, rules)
        if name is None or what is None:
            continue
        yield finding(
            asking,
            "promql/gauge",
            f"takes {node.func.name} of {name}, which is {what}: each fall would count as a "
            "restart",
            "take a counter, or delta or deriv of a gauge",
            in_expr(asking, name),
        )


def _what(name: str, rules: Rules) -> str | None:
    if name in rules.by_name or is_called_as_recorded(name):
        return "recorded by a rule"
    known = find_series(name)
    return "a gauge" if known is not None and known.kind == "gauge" else None
