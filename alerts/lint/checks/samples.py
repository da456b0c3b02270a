"""``promql/few-samples``, ``promql/no-samples``."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from alerts.lint.families import is_called_as_recorded
from alerts.lint.finding import Asking, finding, in_expr
from alerts.lint.labels import name_of
from alerts.lint.rules import Rules
from exporters.durations import format_duration
from exporters.problems import Problem
from slo.promql import nodes

NEEDED, WANTED = 2, 4
"""Intervals in a window: for there to be a rate at all, and for one scrape to be lost."""
_OF_SEVERAL = frozenset(
    {"rate", "increase", "irate", "delta", "idelta", "deriv", "predict_linear", "holt_winters",
     "double_exponential_smoothing"}
)  # fmt: skip
"""Functions of two samples or more."""


def check_samples(asking: Asking, rules: Rules) -> Iterator[Problem]:
    """Yield windows with too few samples in them."""
    if asking.parsed.tree is None:
        return
    for node in nodes(asking.parsed.tree):
        if not isinstance(node, promql_parser.Call) or node.func.name not in _OF_SEVERAL:
            continue
        window = next((each for each in node.args if getattr(each, "range", None)), None)
        interval = None if window is None else _interval_seconds(window, rules)
        if window is None or interval is None:
            continue
        seconds = window.range.total_seconds()
        if seconds >= WANTED * interval:
            continue
        is_empty = seconds < NEEDED * interval
        least = NEEDED if is_empty else WANTED
        name = node.func.name
        yield finding(
            asking,
            "promql/no-samples" if is_empty else "promql/few-samples",
            f"takes {name} over {format_duration(seconds)} of samples that are "
            f"{format_duration(interval)} apart, expected at least {least} intervals",
            f"take [{format_duration(WANTED * interval)}] or more",
            in_expr(asking, name),
        )


def _interval_seconds(window: promql_parser.Expr, rules: Rules) -> float | None:
    """Return how far apart the samples of a window are; None if that is not known."""
    if isinstance(window, promql_parser.SubqueryExpr):
        return None if window.step is None else float(window.step.total_seconds())
    selector = getattr(window, "vector_selector", None)
    name = None if selector is None else name_of(selector)
    if name is None:
        return None
    if name in rules.by_name:
        found = [each.group.interval_seconds for each in rules.by_name[name]]
        return None if None in found else max(each for each in found if each is not None)
    return None if is_called_as_recorded(name) else rules.setting.scrape_interval_seconds
