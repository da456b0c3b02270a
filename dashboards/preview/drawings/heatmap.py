"""Heat maps: a colour for each row at each time; rows are buckets, or series."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dashboards.preview.colors import color_of, follows_ground, scheme
from dashboards.preview.drawings.given import Drawing, Given
from dashboards.preview.fields import field_of
from dashboards.preview.lines import Line, as_json
from dashboards.preview.loose import Json, at, number, text

MOST_ROWS = 600
"""512 GPUs are a row each."""
_CALCULATED_ROWS = 24
_BUCKET = "le"

Cells = NDArray[np.float64]


def draw_heatmap(given: Given) -> Drawing:
    """Return rows of cells, the lowest row first, and the colours from little to much."""
    names, bounds, cells = _rows(given)
    left_out = max(0, len(names) - MOST_ROWS)
    names, cells = names[:MOST_ROWS], cells[:MOST_ROWS]
    threshold = number(at(given.options, "filterValues", "le"))
    if threshold is not None:
        cells = np.where(cells <= threshold, np.nan, cells)
    known = cells[np.isfinite(cells)]
    color = given.options.get("color")
    low, high = number(at(color, "min")), number(at(color, "max"))
    field = given.defaults
    value_unit = text(at(given.options, "cellValues", "unit")) or field.unit
    return {
        "kind": "heatmap",
        "times": given.times.tolist(),
        "from": given.range.start,
        "to": given.range.end,
        "step": given.step,
        "rows": names,
        "numbers": None if bounds is None else as_json(np.array(bounds)),
        "row_unit": text(at(given.options, "yAxis", "unit")) or ("none" if not bounds else "short"),
        "row_decimals": number(at(given.options, "yAxis", "decimals")),
        "cells": [as_json(each) for each in cells],
        "unit": value_unit,
        "decimals": field.decimals,
        "low": low if low is not None else float(min(known.min(), 0)) if known.size else 0.0,
        "high": high if high is not None else float(known.max()) if known.size else 1.0,
        "colors": _colors(color),
        "follows_ground": _follows_ground(color),
        "exponent": _exponent(color),
        "no_value": field.no_value,
        "notes": [f"{left_out} more rows are not shown."] if left_out else [],
    }


def _rows(given: Given) -> tuple[list[str], list[float] | None, Cells]:
    """Return names of rows, their upper bounds where they are buckets, and cells [R, T]."""
    lines = list(given.lines)
    if given.options.get("calculate") is True:
        return _calculated(given)
    if not lines:
        return [], None, np.empty((0, given.times.size))
    if all(_is_bucket(each) for each in lines):
        # Several series may have one bound (of several groups): they are of one distribution.
        bounds = sorted({float(each.labels[_BUCKET]) for each in lines})
        summed = np.array([_sum(lines, bound) for bound in bounds])
        is_cumulative = any(each.format == "heatmap" for each in lines)
        cells = np.diff(summed, axis=0, prepend=0) if is_cumulative else summed
        names = ["∞" if math.isinf(each) else f"{each:g}" for each in bounds]
        return names, bounds, cells
    names = [given.name_of(each, field_of(given.config, each.name, each.ref)) for each in lines]
    order = sorted(range(len(lines)), key=lambda each: names[each], reverse=True)
    return [names[each] for each in order], None, np.array([lines[each].values for each in order])


def _is_bucket(line: Line) -> bool:
    bound = line.labels.get(_BUCKET, "")
    return bound == "+Inf" or number(bound) is not None


def _sum(lines: list[Line], bound: float) -> NDArray[np.float64]:
    stacked = np.array([each.values for each in lines if float(each.labels[_BUCKET]) == bound])
    total: NDArray[np.float64] = np.nansum(stacked, axis=0)
    total[np.isnan(stacked).all(axis=0)] = np.nan
    return total


def _calculated(given: Given) -> tuple[list[str], list[float] | None, Cells]:
    """Return how many series lie in each stretch of values at each time."""
    stacked = np.array([each.values for each in given.lines]).reshape(-1, given.times.size)
    known = stacked[np.isfinite(stacked)]
    if not known.size:
        return [], None, np.empty((0, given.times.size))
    low, high = float(known.min()), float(known.max())
    edges = np.linspace(low, high if high > low else low + 1, _CALCULATED_ROWS + 1)
    cells = np.array([np.histogram(column[np.isfinite(column)], edges)[0] for column in stacked.T])
    tops = [float(each) for each in edges[1:]]
    return [f"{each:.4g}" for each in tops], tops, cells.T.astype(np.float64)


def _colors(color: Json | None) -> list[str]:
    if text(at(color, "mode")) == "opacity":
        fill = color_of(text(at(color, "fill")), "#FA6400")
        return [f"{fill}{round(255 * (step + 1) / 8):02x}" for step in range(8)]
    # Grafana's schemes run from dark to light on dark ground: little is dark, unless reversed.
    return list(scheme(text(at(color, "scheme")), is_reversed=at(color, "reverse") is True))


def _follows_ground(color: Json | None) -> bool:
    """Tell whether little is light on light ground, and dark on dark."""
    return text(at(color, "mode")) != "opacity" and follows_ground(text(at(color, "scheme")))


def _exponent(color: Json | None) -> float:
    found = number(at(color, "exponent"))
    return found if found and text(at(color, "scale"), "exponential") == "exponential" else 1.0
