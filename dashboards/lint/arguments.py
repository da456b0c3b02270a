"""What PromQL's functions and aggregations take at each place, for variables that stand there.

As ``promql/parser/functions.go`` of Prometheus 3 has them.
"""

from __future__ import annotations

from typing import Literal

Argument = Literal["series", "range", "number", "text"]

_AGGREGATIONS = "avg count group max min stddev stdvar sum"
_RANKS = "bottomk limit_ratio limitk quantile topk"
_OF_ONE_SERIES = (
    "abs absent acos acosh asin asinh atan atanh ceil cos cosh day_of_month day_of_week "
    "day_of_year days_in_month deg exp floor histogram_avg histogram_count histogram_stddev "
    "histogram_stdvar histogram_sum hour ln log10 log2 minute month rad scalar sgn sin sinh sort "
    "sort_desc sqrt tan tanh timestamp year"
)
_OF_ONE_RANGE = (
    "absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta "
    "increase irate last_over_time mad_over_time max_over_time min_over_time present_over_time "
    "rate resets stddev_over_time stdvar_over_time sum_over_time ts_of_first_over_time "
    "ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time"
)
_ARGUMENTS: dict[str, tuple[Argument, ...]] = {
    **dict.fromkeys(f"{_AGGREGATIONS} {_OF_ONE_SERIES}".split(), ("series",)),
    **dict.fromkeys(_OF_ONE_RANGE.split(), ("range",)),
    **dict.fromkeys(_RANKS.split(), ("number", "series")),
    "clamp": ("series", "number", "number"),
    "clamp_max": ("series", "number"),
    "clamp_min": ("series", "number"),
    "count_values": ("text", "series"),
    "double_exponential_smoothing": ("range", "number", "number"),
    "histogram_fraction": ("number", "number", "series"),
    "histogram_quantile": ("number", "series"),
    "holt_winters": ("range", "number", "number"),
    "info": ("series", "series"),
    "label_join": ("series", "text"),
    "label_replace": ("series", "text"),
    "predict_linear": ("range", "number"),
    "quantile_over_time": ("number", "range"),
    "round": ("series", "number"),
    "sort_by_label": ("series", "text"),
    "sort_by_label_desc": ("series", "text"),
    "vector": ("number",),
}
"""The last is that of all after it, too."""


def argument_of(function: str, index: int) -> Argument | None:
    """Return what a function or aggregation takes; None if nobody knows it.

    Args:
        function: its name; there may be any other word.
        index: of the argument, from 0.
    """
    taken = _ARGUMENTS.get(function.lower())
    return None if taken is None else taken[min(index, len(taken) - 1)]
