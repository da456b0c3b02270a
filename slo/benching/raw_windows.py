"""What ours is measured against: every window read from the raw counters, at every evaluation.

That is what Sloth v0.16 writes for the windows of its alerts: an error ratio for each of the seven,
``errors / total``, each with ``rate`` over the whole window. Of the period it takes the mean of the
5-minute ratios.
"""

from __future__ import annotations

from collections.abc import Iterator

from exporters.durations import format_duration
from slo.objective import BASE_WINDOW, Ratio

WINDOWS_SECONDS = (300, 1800, 3600, 7200, 21600, 86400, 259200)
"""Of the workbook's four tiers, the long and the short ones."""


def error_ratio(indicator: Ratio, cell: str, window_seconds: int) -> str:
    """Return the error ratio of a window from raw counters, for each cell.

    Args:
        indicator: with bad events.
        cell: the grouping labels, as they stand in ``by (...)``.
        window_seconds: any.
    """
    window = format_duration(window_seconds)
    bad, total = (
        f"sum by ({cell}) ({(side or '').replace(BASE_WINDOW, window)})"
        for side in (indicator.bad, indicator.total)
    )
    return f"({bad})\n/\n({total})"


def seven_windows(indicator: Ratio, cell: str) -> Iterator[str]:
    """Yield the expressions of all windows, the shortest first."""
    for window in WINDOWS_SECONDS:
        yield error_ratio(indicator, cell, window)


def mean_of_ratios(ratio: str, period_seconds: int) -> str:
    """Return the error ratio of a period as the mean of a recorded one.

    Args:
        ratio: selector of the 5-minute error ratio.
        period_seconds: of the budget.
    """
    range_ = f"{ratio}[{format_duration(period_seconds)}]"
    return f"sum_over_time({range_})\n/\ncount_over_time({range_})"
