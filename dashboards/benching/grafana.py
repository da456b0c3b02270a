"""What Grafana asks Prometheus for when it shows a board. Pure.

A panel has a point a pixel at most (``maxDataPoints``), so that its width gives the interval, which
is rounded (``roundInterval`` of @grafana/data, datetime/rangeutil.ts) and no shorter than a scrape.
Ranges begin and end at multiples of their step; an instant is asked at the end of the range.
Annotations have 100 points (``executeAnnotationQuery`` of Grafana 12). Variables, of which labels
alone are asked, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dashboards.asking import every_panel
from dashboards.interpolation import Standing, interpolate
from dashboards.preview.times import Range, aligned, built_in

SCREEN_PIXELS = 1920
"""Of a board's width: that of a common screen."""
_COLUMNS = 24
_POINTS_OF_ANNOTATIONS = 100
_NICE_SECONDS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800,
                 21600, 43200, 86400)  # fmt: skip
_ROUNDED_DOWN_BELOW = {30: 45, 60: 90, 120: 210, 300: 450, 600: 750, 900: 1050, 1200: 1500,
                       1800: 2700, 3600: 5400, 7200: 9000, 10800: 16200, 21600: 32400,
                       43200: 86400}  # fmt: skip
"""Below which seconds an interval becomes which, from 30 s on; the middle of two, below that."""


@dataclass(frozen=True)
class Asked:
    """One query, as it is sent."""

    title: str
    """Of the panel, or the annotation."""
    expr: str
    start: float
    """UNIX seconds; of an instant the same as its end."""
    end: float
    step_seconds: float


def asked_of(
    board: Mapping[str, Any],
    range_: Range,
    variables: Mapping[str, str],
    scrape_seconds: float,
) -> Iterator[Asked]:
    """Give every query of a board that is opened, or refreshed.

    Args:
        board: a dashboard of Grafana's, as parsed JSON.
        range_: that is looked at.
        variables: what stands for each variable, put in as it is.
        scrape_seconds: the data source's scrape interval.
    """
    standing = {name: Standing.raw(each) for name, each in variables.items()}

    def ask(title: str, target: Mapping[str, Any], points: float) -> Asked:
        step = max(round_interval(range_.seconds / points), scrape_seconds)
        known = {**standing, **built_in(range_, step, scrape_seconds)}
        expr = interpolate(target["expr"], known, strict=True)
        if target.get("instant"):
            return Asked(title, expr, range_.end, range_.end, step)
        grid = aligned(range_, step)
        return Asked(title, expr, grid.start, grid.end, step)

    for annotation in board["annotations"]["list"]:
        if annotation.get("enable") and "target" in annotation:
            yield ask(annotation["name"], annotation["target"], _POINTS_OF_ANNOTATIONS)
    for panel in every_panel(board):
        points = panel.get("maxDataPoints") or panel["gridPos"]["w"] * SCREEN_PIXELS / _COLUMNS
        for target in panel.get("targets", []):
            yield ask(panel["title"], target, points)


def round_interval(seconds: float) -> float:
    """Return the interval that Grafana makes of one, from a second up to a day."""
    for shorter, longer in pairwise(_NICE_SECONDS):
        if seconds < _ROUNDED_DOWN_BELOW.get(shorter, (shorter + longer) / 2):
            return float(shorter)
    return float(_NICE_SECONDS[-1])
