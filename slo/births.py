"""Bad events that a series is born with: where none may be bad, the first one must be seen.

``rate`` and ``increase`` see what a counter grows by between two of its samples. Many clients only
make a series with its first event, so that its first sample is 1 and that event is in no rate.
"""

from __future__ import annotations

from collections.abc import Sequence

from slo.objective import BASE_WINDOW, Ratio
from slo.promql import rated_selector
from slo.promql_text import write_promql

_TARGET = ("job", "instance")
"""What tells Prometheus's targets apart. Series without these labels are all of one."""

_OURS = "shardwatch_"
"""Our exporters' series are there from 0 on, but for what they pass on of an engine that is new."""


def with_births(
    indicator: Ratio, cell: Sequence[str], window: str, window_seconds: float
) -> str | None:
    """Return the expression of bad events per second, those included that series are born with.

    For as long as the base window reaches back to a series' first sample, that sample is spread
    over the window, so that the sum over time is the sample's value. Only where events of the same
    cell and target were seen one window ago: what a target that is new, or that was not scraped,
    brings along happened at an unknown time.

    Args:
        indicator: whose bad events.
        cell: the grouping labels.
        window: the base window, as it is written.
        window_seconds: the same.

    Returns:
        None where they cannot be told: bad and all events must each be one counter's rate over the
        base window, and none of ours.
    """
    bad, total = _counter(indicator.bad), _counter(indicator.total)
    if bad is None or total is None:
        return None
    return (
        f"{indicator.bad}\nor\nlabel_replace(\n"
        f"(min_over_time({bad}[{window}])\nunless\n{bad} offset {window}\n"
        f"and on ({', '.join((*_TARGET, *cell))})\n{total} offset {window}) / {window_seconds:g},\n"
        '"born", "1", "", "")'
    )


def sees_births(indicator: Ratio) -> bool:
    """Tell whether :func:`with_births` can tell the events that series are born with."""
    return _counter(indicator.bad) is not None and _counter(indicator.total) is not None


def _counter(expr: str | None) -> str | None:
    """Return the selector whose rate over the base window an expression is, if it is one."""
    if expr is None or not expr.endswith(f"[{BASE_WINDOW}])"):
        return None
    selector = rated_selector(expr)
    if selector is None or (selector.name or "").startswith(_OURS):
        return None
    return write_promql(selector)
