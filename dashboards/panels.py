"""The kinds of panels that our boards are made of, in the shapes that Grafana 12 and 13 write.

grafanalib 0.7.1 knows time series, stat, state timeline and text well enough for the normaliser;
its bar gauge and table are of older shapes, so these two are ours. Its ``Graph`` is never used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafanalib import core

from dashboards.queries import Query
from dashboards.variables import DATASOURCE_REF

Json = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """From ``value`` on, a colour; None stands for minus infinity and comes first."""

    value: float | None
    color: str


@dataclass(frozen=True)
class Meaning:
    """What a number stands for on a panel."""

    value: int
    text: str
    color: str


@dataclass(frozen=True)
class About:
    """What every panel says about itself."""

    id: int
    """Unique on the board and never reused: links to a panel are made of it."""
    title: str
    description: str
    """What it shows and how to read it."""
    unit: str
    """One of Grafana's unit ids: ``percentunit``, ``s``, ``reqps``, ``short``."""
    no_value: str
    """What stands there when the query gives nothing."""
    steps: tuple[Step, ...] = (Step(None, "green"),)
    meanings: tuple[Meaning, ...] = ()
    decimals: int | None = None
    lowest: float | None = None
    highest: float | None = None
    links: tuple[Json, ...] = ()
    """Links of each value, made with :func:`value_link`."""
    overrides: tuple[Json, ...] = ()


class BarGauge(core.Panel):  # type: ignore[misc]  # grafanalib has no types
    """A bar for each series."""

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
                    "namePlacement": "left",
                    "orientation": "horizontal",
                    "reduceOptions": _LAST_VALUE,
                    "showUnfilled": True,
                    "sizing": "auto",
                    "valueMode": "color",
                },
            }
        )
        return panel


class Table(core.Panel):  # type: ignore[misc]  # grafanalib has no types
    """A row for each series, a column for each label."""

    def to_json_data(self) -> Json:
        """Return the panel as Grafana 12 writes it."""
        panel: Json = self.panel_json(
            {
                "type": "table",
                "fieldConfig": {
                    "defaults": {
                        "custom": {
                            "align": "auto",
                            "cellOptions": {"type": "auto"},
                            "filterable": True,
                            "inspect": False,
                        }
                    }
                },
                "options": {"cellHeight": "sm", "showHeader": True},
            }
        )
        return panel


_LAST_VALUE: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def time_series(
    about: About,
    queries: Sequence[Query],
    *,
    dashed: Sequence[Query] = (),
    time_from: str | None = None,
) -> Any:
    """Return a graph of lines.

    Args:
        about: the panel.
        queries: the lines.
        dashed: limits to compare the lines with.
        time_from: how far back it looks (``28d``), whatever the board does; None follows the board.
    """
    limits = [_dashed(each.legend) for each in dashed]
    return core.TimeSeries(
        **_basics(about, _targets([*queries, *dashed], instant=False)),
        unit=about.unit,
        timeFrom=time_from,
        fillOpacity=5,
        lineWidth=1,
        showPoints="never",
        stacking={"group": "A", "mode": "none"},
        legendDisplayMode="list",
        legendPlacement="bottom",
        tooltipMode="multi",
        tooltipSort="desc",
        thresholdsStyleMode="dashed" if len(about.steps) > 1 else "off",
        extraJson=_extra(about, color="palette-classic", overrides=limits),
    )


def stat(about: About, query: Query) -> Any:
    """Return one number with its recent course behind it."""
    return core.Stat(
        **_basics(about, _targets([query], instant=False)),
        format=about.unit,
        reduceCalc="lastNotNull",
        colorMode="background" if len(about.steps) > 1 else "value",
        graphMode="area",
        textMode="auto",
        extraJson=_extra(about),
    )


def bar_gauge(about: About, query: Query) -> Any:
    """Return a bar for each series of an instant query, in the query's order."""
    return BarGauge(**_basics(about, _targets([query], instant=True)), extraJson=_extra(about))


def state_timeline(about: About, query: Query) -> Any:
    """Return a band for each series, coloured by what its value means."""
    return core.StateTimeline(
        **_basics(about, _targets([query], instant=False)),
        legendDisplayMode="list",
        legendPlacement="bottom",
        showValue="never",
        extraJson=_extra(about),
    )


def table(about: About, query: Query, columns: Mapping[str, str]) -> Any:
    """Return a row for each series of an instant query.

    Args:
        about: the panel.
        query: instant; each label is a column, the value is the column ``Value``.
        columns: label to heading, in the order of the columns; other labels are left out.
    """
    transformations = [
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {},
                "indexByName": {name: index for index, name in enumerate(columns)},
                "renameByName": dict(columns),
            },
        },
    ]
    return Table(
        **_basics(about, _targets([query], instant=True)),
        transformations=transformations,
        extraJson=_extra(about),
    )


def text(id: int, title: str, content: str) -> Any:
    """Return a panel of Markdown without a frame."""
    return core.Text(id=id, title=title, content=content, mode="markdown", transparent=True)


def row(id: int, title: str) -> Any:
    """Return a heading over the panels below it."""
    return core.RowPanel(id=id, title=title)


def value_link(title: str, url: str) -> Json:
    """Return a link that a click on a value offers."""
    return {"targetBlank": False, "title": title, "url": url}


def colored_column(heading: str, meanings: Sequence[Meaning | tuple[str, str]]) -> Json:
    """Return an override that colours the texts of a table's column."""
    options = {
        text: {"color": color, "index": index}
        for index, (text, color) in enumerate(
            (each.text, each.color) if isinstance(each, Meaning) else each for each in meanings
        )
    }
    return {
        "matcher": {"id": "byName", "options": heading},
        "properties": [
            {"id": "mappings", "value": [{"options": options, "type": "value"}]},
            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        ],
    }


def _basics(about: About, targets: list[Any]) -> Json:
    return {
        "id": about.id,
        "title": about.title,
        "description": about.description,
        "dataSource": DATASOURCE_REF,
        "targets": targets,
        "thresholds": [{"color": step.color, "value": step.value} for step in about.steps],
        "maxDataPoints": None,
    }


def _extra(about: About, *, color: str = "thresholds", overrides: Sequence[Json] = ()) -> Json:
    mappings = [
        {
            "options": {
                str(each.value): {"color": each.color, "index": index, "text": each.text}
                for index, each in enumerate(about.meanings)
            },
            "type": "value",
        }
    ]
    return {
        "fieldConfig": {
            "defaults": {
                "color": {"mode": color},
                "decimals": about.decimals,
                "links": list(about.links),
                "mappings": mappings if about.meanings else [],
                "max": about.highest,
                "min": about.lowest,
                "noValue": about.no_value,
                "unit": about.unit,
            },
            "overrides": [*overrides, *about.overrides],
        }
    }


def _targets(queries: Sequence[Query], *, instant: bool) -> list[Any]:
    return [
        core.Target(
            expr=each.expr,
            legendFormat=each.legend,
            refId=chr(ord("A") + index),
            instant=instant,
            format="table" if instant and not each.legend else "time_series",
            datasource=DATASOURCE_REF,
        )
        for index, each in enumerate(queries)
    ]


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
