"""``panels/description``, ``panels/title``, ``panels/unit``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.lint.board import Board, Panel, plain
from dashboards.lint.units import meant_unit
from exporters.problems import Problem

_OF_NUMBERS = frozenset(
    {"bargauge", "barchart", "gauge", "graph", "heatmap", "histogram", "singlestat", "stat",
     "table", "timeseries", "trend"}
)  # fmt: skip
_WITHOUT_TITLE = frozenset({"text", None})


def check_said(panel: Panel, _: Board) -> Iterator[Problem]:
    """Yield panels that do not say what they show."""
    if panel.kind not in _WITHOUT_TITLE and not panel.title.strip():
        what = "row" if panel.kind == "row" else "panel"
        yield panel.problem("panels/title", f"is a {what} without a title", "say what it shows")
    if not panel.queries:
        return
    if not panel.description.strip():
        yield panel.problem(
            "panels/description",
            "has no description",
            "say what it shows, and how to read it",
        )
    if panel.kind in _OF_NUMBERS and not panel.units:
        yield panel.problem(
            "panels/unit",
            "has numbers and no unit",
            "set one: percentunit of a share, s of seconds, reqps, short of a plain number",
        )
    for unit in dict.fromkeys(panel.units):
        if (meant := meant_unit(unit)) is not None:
            yield panel.problem(
                "panels/unit",
                f"writes {plain(unit)!r} behind its numbers, which may be {meant} mistyped",
                f"take {meant}, or say suffix:{plain(unit)}",
            )
