"""Panels of single numbers: one, one on a dial, one bar a series."""

from __future__ import annotations

from typing import Any

from grafanalib import core

from dashboards.panels.about import LAST_VALUE, About, Json, basics, extra, targets
from dashboards.queries.query import Query


@core.attr.s
class BarGauge(core.Panel):  # type: ignore[misc]  # grafanalib has no types
    """A bar for each series."""

    names_above = core.attr.ib(default=False)

    def to_json_data(self) -> Json:
        """Return the panel as Grafana 12 writes it."""
        panel: Json = self.panel_json(
            {
                "type": "bargauge",
                "options": {
                    "displayMode": "basic",
                    "legend": {
                        "calcs": [],
                        "displayMode": "list",
                        "placement": "bottom",
                        "showLegend": False,
                    },
                    "maxVizHeight": 40,
                    "minVizHeight": 12,
                    "minVizWidth": 8,
                    "namePlacement": "top" if self.names_above else "left",
                    "orientation": "horizontal",
                    "reduceOptions": LAST_VALUE,
                    "showUnfilled": True,
                    "sizing": "auto",
                    "valueMode": "color",
                },
            }
        )
        return panel


class Gauge(core.Panel):  # type: ignore[misc]  # grafanalib's own is of an older shape
    """A dial for each series."""

    def to_json_data(self) -> Json:
        """Return the panel as Grafana 12 writes it."""
        panel: Json = self.panel_json(
            {
                "type": "gauge",
                "options": {
                    "minVizHeight": 75,
                    "minVizWidth": 75,
                    "orientation": "auto",
                    "reduceOptions": LAST_VALUE,
                    "showThresholdLabels": False,
                    "showThresholdMarkers": True,
                    "sizing": "auto",
                },
            }
        )
        return panel


def stat(about: About, *queries: Query, instant: bool = False) -> Any:
    """Return one number with its recent course behind it, or several.

    Args:
        about: the panel.
        queries: the numbers, each with its name where there are several.
        instant: without the course, for what is counted over series of a whole fleet.
    """
    return core.Stat(
        **basics(about, targets(queries, instant=instant)),
        format=about.unit,
        reduceCalc="lastNotNull",
        colorMode="background" if len(about.steps) > 1 or about.meanings else "value",
        graphMode="none" if instant else "area",
        textMode="auto",
        extraJson=extra(about),
    )


def bar_gauge(about: About, query: Query, *, names_above: bool = False) -> Any:
    """Return a bar for each series of an instant query, in the query's order.

    Args:
        about: the panel.
        query: the bars.
        names_above: in a narrow panel, which would cut names beside the bars.
    """
    found = targets([query], instant=True)
    return BarGauge(**basics(about, found), extraJson=extra(about), names_above=names_above)


def gauge(about: About, query: Query) -> Any:
    """Return a dial for each series, from ``about.lowest`` to ``about.highest``.

    Raises:
        ValueError: ``about`` has no lowest or no highest value, and a dial needs both ends.
    """
    if about.lowest is None or about.highest is None:
        raise ValueError(f"{about.title}: found a dial without both ends")
    return Gauge(**basics(about, targets([query], instant=True)), extraJson=extra(about))
