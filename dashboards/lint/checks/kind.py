"""``panels/deprecated``, ``panels/library``, ``panels/plugin``, ``panels/type``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.lint.board import Board, Panel, plain
from exporters.problems import Problem

GRAFANAS = frozenset(
    {"alertlist", "annolist", "barchart", "bargauge", "candlestick", "canvas", "dashlist",
     "datagrid", "debug", "flamegraph", "gauge", "geomap", "gettingstarted", "heatmap", "histogram",
     "live", "logs", "logstable", "news", "nodeGraph", "piechart", "row", "stat", "state-timeline",
     "status-history", "table", "text", "timeseries", "traces", "trend", "welcome", "xychart"}
)  # fmt: skip
"""Kinds of panels that Grafana 12 and 13 have of their own."""
REPLACED = {
    "graph": "timeseries",
    "grafana-piechart-panel": "piechart",
    "grafana-singlestat-panel": "stat",
    "grafana-worldmap-panel": "geomap",
    "flant-statusmap-panel": "status-history",
    "michaeldmoore-multistat-panel": "bargauge",
    "natel-discrete-panel": "state-timeline",
    "natel-plotly-panel": "xychart",
    "pluginlist": "text",
    "singlestat": "stat",
    "table-old": "table",
    "vonage-status-panel": "stat",
}
"""Kinds that were written with Angular, which Grafana 12 does not run, and what took their place.
"""


def check_kind(panel: Panel, _: Board) -> Iterator[Problem]:
    """Yield panels that are not drawn, or that nothing was seen of."""
    at = (*panel.place, "type")
    if panel.kind is None:
        message = "is a panel of a library, of which nothing is in the file"
        yield panel.problem("panels/library", message, "give the library's panels in a board")
    elif not panel.kind:
        message = "has no type, so that Grafana draws nothing of it"
        yield panel.problem("panels/type", message, "say which: timeseries, stat, table", at)
    elif panel.kind in REPLACED:
        yield panel.problem(
            "panels/deprecated",
            f"is of the kind {panel.kind}, which Grafana 12 does not have any more",
            f"make it a {REPLACED[panel.kind]}",
            at,
        )
    elif panel.kind not in GRAFANAS:
        yield panel.problem(
            "panels/plugin",
            f"is of the kind {plain(panel.kind)}, which is not Grafana's own",
            "see that its plugin is installed wherever the board is shown",
            at,
        )
