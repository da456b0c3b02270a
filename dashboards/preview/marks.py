"""Annotations: what happened when, as marks on every graph of a board."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from dashboards.interpolation import Standing, interpolate
from dashboards.preview.colors import color_of
from dashboards.preview.loose import Json, at, mapping, text
from dashboards.preview.outages import Watched
from dashboards.preview.times import Range, aligned, built_in, step_seconds
from slo.series import Series

MOST_MARKS = 200
_POINTS = 400
_LABEL = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")


def asked_annotations(annotations: Sequence[Json]) -> list[Json]:
    """Return the annotations of a board that Prometheus is asked for."""
    return [each for each in annotations if text(_expr(each))]


async def find_marks(
    annotation: Json,
    prometheus: Watched,
    range_: Range,
    standing: Mapping[str, Standing],
    scrape_seconds: float,
) -> list[Json]:
    """Return the marks of one annotation: a stretch for each time that a series was there.

    Raises:
        PrometheusError: if Prometheus does not answer, or refuses.
    """
    step = step_seconds(range_.seconds, _POINTS, scrape_seconds)
    grid = aligned(range_, step)
    known = {**standing, **built_in(range_, step, scrape_seconds)}
    expr = interpolate(_expr(annotation), known)
    found: list[Json] = []
    for series in await prometheus.query_range(expr, grid.start, grid.end, step):
        found += _marks(series, annotation, step)
        if len(found) >= MOST_MARKS:
            break
    return sorted(found, key=lambda each: float(each["from"]))[:MOST_MARKS]


def _expr(annotation: Json) -> str:
    return text(at(annotation, "target", "expr")) or text(mapping(annotation).get("expr"))


def _marks(series: Series, annotation: Json, step: float) -> list[Json]:
    times = series.times_ms[series.values != 0] / 1000
    if not times.size:
        return []
    breaks = np.flatnonzero(np.diff(times) > 1.5 * step) + 1
    title = _filled(text(annotation.get("titleFormat")) or text(annotation.get("name")), series)
    said = _filled(text(annotation.get("textFormat")), series)
    return [
        {
            "from": float(stretch[0]),
            "to": float(stretch[-1]),
            "title": title,
            "text": said,
            "color": color_of(text(annotation.get("iconColor"))),
        }
        for stretch in np.split(times, breaks)
    ]


def _filled(pattern: str, series: Series) -> str:
    filled = _LABEL.sub(lambda match: series.labels.get(match[1], ""), pattern)
    return " ".join(filled.split())
