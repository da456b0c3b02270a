"""What a panel's queries gave: lines on one grid of times, each with its name. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slo.series import Series

Values = NDArray[np.float64]

_LABEL = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_AUTO = "__auto"


@dataclass(frozen=True, eq=False)
class Line:
    """One series of one query."""

    name: str
    ref: str
    """Of the query."""
    labels: Mapping[str, str]
    values: Values
    """On the grid of all lines, shape [T]; NaN where there is none."""
    format: str = "time_series"
    """``table`` or ``heatmap``, where the query asks for one."""


def put_on_grid(series: Series, times: Values) -> Values:
    """Return the values of a series at the times of a grid; NaN where it has none.

    Args:
        series: as asked for at the grid's own step.
        times: UNIX seconds, ascending and evenly apart, shape [T].
    """
    values = np.full(times.shape, np.nan)
    if series.values.size and times.size:
        step = times[1] - times[0] if times.size > 1 else 1.0
        places = np.rint((series.times_ms / 1000 - times[0]) / step).astype(np.int64)
        fits = (places >= 0) & (places < times.size)
        values[places[fits]] = series.values[fits]
    return values


def name_lines(legend: str, labels: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the names of a query's series.

    Args:
        legend: Grafana's ``legendFormat``: ``{{region}}``, ``__auto``, or nothing.
        labels: of each series.
    """
    if legend and legend != _AUTO:
        return [_LABEL.sub(lambda match, own=own: own.get(match[1], ""), legend).strip()  # type: ignore[misc]
                for own in labels]  # fmt: skip
    if legend == _AUTO and len(labels) > 1:
        differing = sorted({key for own in labels for key in own
                            if len({each.get(key) for each in labels}) > 1})  # fmt: skip
        if len(differing) == 1:
            return [own.get(differing[0], "") for own in labels]
    return [_written(own) for own in labels]


def _written(labels: Mapping[str, str]) -> str:
    inside = ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items())
                       if key != "__name__")  # fmt: skip
    name = labels.get("__name__", "")
    return f"{name}{{{inside}}}" if inside else name or "Value"


def reduce_values(values: Values, calculation: str) -> float | None:
    """Return one number of a line, by one of Grafana's reducers; None if there is none.

    An unknown reducer counts as ``lastNotNull``.
    """
    known = values[~np.isnan(values)]
    if calculation == "count":
        return float(values.size)
    if calculation in ("last", "first"):
        edge = values[-1 if calculation == "last" else 0] if values.size else np.nan
        return None if np.isnan(edge) else float(edge)
    if not known.size:
        return None
    return float(_REDUCERS.get(calculation, _last)(known))


def _last(values: Values) -> float:
    return float(values[-1])


_REDUCERS: Mapping[str, Callable[[Values], float]] = {
    "lastNotNull": _last,
    "firstNotNull": lambda values: float(values[0]),
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
    "mean": lambda values: float(values.mean()),
    "median": lambda values: float(np.median(values)),
    "sum": lambda values: float(values.sum()),
    "range": lambda values: float(values.max() - values.min()),
    "diff": lambda values: float(values[-1] - values[0]),
    "delta": lambda values: float(np.clip(np.diff(values), 0, None).sum()),
    "p95": lambda values: float(np.percentile(values, 95)),
    "p99": lambda values: float(np.percentile(values, 99)),
}

CALCULATION_NAMES = {
    "lastNotNull": "Last", "last": "Last", "firstNotNull": "First", "first": "First", "min": "Min",
    "max": "Max", "mean": "Mean", "median": "Median", "sum": "Total", "range": "Range",
    "diff": "Difference", "delta": "Delta", "count": "Count", "p95": "95th %", "p99": "99th %",
}  # fmt: skip
"""What a legend calls each."""


def as_json(values: Values) -> list[float | None]:
    """Return values as JSON has them: what is no finite number is null; seven digits will do."""
    return [float(f"{each:.7g}") if np.isfinite(each) else None for each in values.tolist()]
