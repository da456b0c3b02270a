"""Panels over time: lines, states, and heat maps of histograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafanalib import core

from dashboards.panels.about import About, Json, Meaning, basics, extra, targets
from dashboards.queries.query import Query

MOST_POINTS = 480
"""Of a line of a graph. Grafana asks for one a pixel, four times as many on wide screens, and every
query of a fleet board reads all cells at each. It is a point a minute over six hours and every two
minutes over a day, about as often as what is recorded changes: rates are over a minute or more."""


class Heatmap(core.Panel):  # type: ignore[misc]  # grafanalib's own is of an older shape
    """Buckets over time, the darker the more fell into them."""

    def to_json_data(self) -> Json:
        """Return the panel as Grafana 12 writes it."""
        panel: Json = self.panel_json({"type": "heatmap"})
        return panel


def time_series(
    about: About,
    queries: Sequence[Query],
    *,
    dashed: Sequence[Query] = (),
    time_from: str | None = None,
    stacked: bool = False,
) -> Any:
    """Return a graph of lines.

    Args:
        about: the panel.
        queries: the lines.
        dashed: limits to compare the lines with.
        time_from: how far back it looks (``28d``), whatever the board does; None follows the board.
        stacked: whether the lines are parts of one whole, drawn one on the other.
    """
    limits = [_dashed(each.legend) for each in dashed]
    return core.TimeSeries(
        **basics(about, targets([*queries, *dashed], instant=False), most_points=MOST_POINTS),
        unit=about.unit,
        timeFrom=time_from,
        fillOpacity=60 if stacked else 5,
        # A part that is 0 would be drawn as an outline, in its colour, of those below it.
        lineWidth=0 if stacked else 1,
        showPoints="never",
        stacking={"group": "A", "mode": "normal" if stacked else "none"},
        legendDisplayMode="list",
        legendPlacement="bottom",
        tooltipMode="multi",
        tooltipSort="desc",
        thresholdsStyleMode="dashed" if len(about.steps) > 1 else "off",
        extraJson=extra(about, color="palette-classic", overrides=limits),
    )


def state_timeline(about: About, query: Query) -> Any:
    """Return a band for each series, coloured by what its value means."""
    return core.StateTimeline(
        **basics(about, targets([query], instant=False), most_points=MOST_POINTS),
        legendDisplayMode="list",
        legendPlacement="bottom",
        showValue="never",
        extraJson=extra(about),
    )


def heatmap(about: About, query: Query, *, cell_unit: str = "short", cells: str = "events") -> Any:
    """Return a histogram's buckets over time.

    Args:
        about: the panel; its unit is that of the buckets' bounds.
        query: rates or numbers by ``le``, cumulative as Prometheus has them.
        cell_unit: of what is counted.
        cells: what is counted, in a word.
    """
    options = {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {"unit": cell_unit},
        "color": {
            "exponent": 0.5,
            "fill": "dark-orange",
            "mode": "scheme",
            "reverse": False,
            "scale": "exponential",
            "scheme": "Oranges",
            "steps": 64,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto", "value": cells},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": about.unit},
    }
    legend = Query(query.expr, "{{le}}", query.may_be_empty)
    return Heatmap(
        **basics(about, targets([legend], instant=False, format="heatmap")),
        extraJson={**extra(about), "options": options},
    )


def colored_lines(meanings: Sequence[Meaning]) -> tuple[Json, ...]:
    """Return overrides that give lines the colours of what they are named after."""
    return tuple(
        {
            "matcher": {"id": "byName", "options": each.text},
            "properties": [{"id": "color", "value": {"fixedColor": each.color, "mode": "fixed"}}],
        }
        for each in meanings
    )


def _dashed(legend: str) -> Json:
    return {
        "matcher": {"id": "byName", "options": legend},
        "properties": [
            {"id": "custom.lineStyle", "value": {"dash": [10, 10], "fill": "dash"}},
            {"id": "custom.fillOpacity", "value": 0},
            {"id": "color", "value": {"fixedColor": "red", "mode": "fixed"}},
            {"id": "links", "value": []},
        ],
    }
