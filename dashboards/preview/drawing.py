"""One panel, from its JSON to what the browser draws."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.interpolation import WORDS, interpolate
from dashboards.preview.asking import Asker, foreign_source
from dashboards.preview.drawings.given import Draw, Drawing, Given
from dashboards.preview.drawings.heatmap import draw_heatmap
from dashboards.preview.drawings.numbers import draw_bar_gauge, draw_gauge, draw_stat
from dashboards.preview.drawings.state_timeline import draw_state_timeline
from dashboards.preview.drawings.table import draw_table
from dashboards.preview.drawings.text import draw_text
from dashboards.preview.drawings.time_series import draw_time_series
from dashboards.preview.links import Carried
from dashboards.preview.loose import text
from dashboards.preview.model import Panel
from dashboards.preview.times import Range

DRAWN: Mapping[str, Draw] = {
    "bargauge": draw_bar_gauge,
    "gauge": draw_gauge,
    "heatmap": draw_heatmap,
    "stat": draw_stat,
    "state-timeline": draw_state_timeline,
    "table": draw_table,
    "timeseries": draw_time_series,
}
"""What draws each type of panel; texts, which ask for nothing, are drawn apart."""

SUCCEEDED = {
    "graph": "timeseries",
    "singlestat": "stat",
    "table-old": "table",
    "status-history": "state-timeline",
}
"""Types that Grafana had, or draws alike, and what the preview draws in their place."""


async def draw_panel(
    panel: Panel, asker: Asker, range_: Range, points: int, carried: Carried
) -> Drawing:
    """Return what a panel shows, with its title and description.

    Raises:
        PrometheusError: if Prometheus does not answer, or refuses a query.
    """
    standing = dict(carried.standing)
    return {
        "title": interpolate(panel.title, standing, where=WORDS),
        "description": interpolate(panel.description, standing, where=WORDS),
        **await _drawn(panel, asker, range_, points, carried),
    }


async def _drawn(
    panel: Panel, asker: Asker, range_: Range, points: int, carried: Carried
) -> Drawing:
    standing = dict(carried.standing)
    if panel.kind == "text":
        return draw_text(panel.content, standing)
    kind = SUCCEEDED.get(panel.kind, panel.kind)
    if kind not in DRAWN:
        return _unknown(f"The preview draws no panels of type {panel.kind!r}.")
    source = foreign_source(panel)
    if source is not None:
        return _unknown(f"This panel reads from {source}; the preview asks Prometheus alone.")
    told = await asker.ask(panel, range_, points, standing)
    given = Given(panel, told.lines, told.times, told.step, told.range, carried)
    drawing = DRAWN[kind](given)
    notes = [*told.notes, *drawing.get("notes", ())]
    if kind != panel.kind:
        notes.append(f"Drawn as {kind}; it is of Grafana's former type {panel.kind}.")
    if text(panel.content.get("repeat")):
        notes.append("Shown once for all that it is repeated for in Grafana.")
    if told.unseen:
        drawing["no_value"] = told.unseen
    return {**drawing, "notes": notes}


def _unknown(said: str) -> Drawing:
    return {"kind": "unknown", "said": said}
