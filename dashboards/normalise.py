"""Turns what grafanalib 0.7.1 emits (schema 12, shapes of many years) into schema 42.

Grafana 12 and 13 load a dashboard of any schema from 9 to 42 and migrate it to 42 as they do; one
that is 42 already is taken as it stands, so that nothing is guessed. What grafanalib emits and
schema 42 does not know is dropped by name; what it leaves None is left out.
"""

from __future__ import annotations

import json
from typing import Any

from grafanalib._gen import DashboardEncoder

SCHEMA_VERSION = 42
PLUGIN_VERSION = "12.0.0"
"""Written into each panel: without one, Grafana runs the migrations of its oldest panels."""

Json = dict[str, Any]

_BOARD_KEYS = frozenset(
    ("annotations", "description", "editable", "graphTooltip", "links", "panels", "refresh",
     "tags", "templating", "time", "timezone", "title", "uid")
)  # fmt: skip
_PANEL_KEYS = frozenset(
    ("collapsed", "datasource", "description", "fieldConfig", "gridPos", "id", "maxDataPoints",
     "options", "panels", "targets", "timeFrom", "title", "transformations", "transparent", "type")
)  # fmt: skip
_TARGET_KEYS = frozenset(
    ("datasource", "expr", "format", "instant", "legendFormat", "refId")
)  # fmt: skip
_WITHOUT_DATA = ("row", "text")


def to_json(dashboard: Any) -> Json:
    """Return a dashboard of grafanalib's as plain JSON values of schema 42.

    Raises:
        ValueError: two panels have the same id, or one has none.
    """
    board: Json = json.loads(json.dumps(dashboard.to_json_data(), cls=DashboardEncoder))
    panels = [_panel(each) for each in board["panels"]]
    inside = [each for panel in panels for each in panel.get("panels", [])]
    _refuse_repeats([each.get("id") for each in (*panels, *inside)])
    return {
        **{key: value for key, value in board.items() if key in _BOARD_KEYS},
        "fiscalYearStartMonth": 0,
        "liveNow": False,
        "panels": panels,
        "preload": False,
        "schemaVersion": SCHEMA_VERSION,
        "timepicker": {},
        "version": 1,
        "weekStart": "",
    }


def to_text(board: Json) -> str:
    """Return JSON values as text: sorted keys, two spaces, a line feed at the end."""
    return json.dumps(board, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _panel(panel: Json) -> Json:
    kept = {key: value for key, value in panel.items() if key in _PANEL_KEYS and value is not None}
    if kept["type"] == "row":
        row = {key: kept[key] for key in ("collapsed", "gridPos", "id", "title", "type")}
        return {**row, "panels": [_panel(each) for each in kept["panels"]]}
    kept["pluginVersion"] = PLUGIN_VERSION
    kept["fieldConfig"] = _field_config(kept["fieldConfig"])
    if kept["type"] in _WITHOUT_DATA:
        kept.pop("targets")
        kept["fieldConfig"] = {"defaults": {}, "overrides": []}
    else:
        kept["targets"] = [_target(each) for each in kept["targets"]]
    if not kept.get("transformations"):
        kept.pop("transformations", None)
    _modernise_options(kept)
    return kept


def _field_config(config: Json) -> Json:
    defaults = _without_none(config["defaults"])
    custom = _without_none(defaults.get("custom", {}))
    if custom.get("scaleDistribution", {}).get("type") == "linear":
        custom["scaleDistribution"] = {"type": "linear"}
    if "stacking" in custom:
        custom["insertNulls"] = False
    if custom:
        defaults["custom"] = custom
    else:
        defaults.pop("custom", None)
    return {"defaults": defaults, "overrides": config.get("overrides", [])}


def _target(target: Json) -> Json:
    kept = {key: value for key, value in target.items() if key in _TARGET_KEYS}
    kept["editorMode"] = "code"
    kept["range"] = not kept["instant"]
    return kept


def _modernise_options(panel: Json) -> None:
    options = panel["options"]
    if panel["type"] == "heatmap":  # whose legend and tooltip are others
        return
    if "legend" in options:
        options["legend"].setdefault("showLegend", True)
        options["legend"].setdefault("calcs", [])
    if "tooltip" in options:
        options["tooltip"].setdefault("sort", "none")
    if panel["type"] == "stat":
        options |= {
            "percentChangeColorMode": "standard",
            "showPercentChange": False,
            "wideLayout": True,
        }


def _without_none(values: Json) -> Json:
    return {key: value for key, value in values.items() if value is not None}


def _refuse_repeats(ids: list[int | None]) -> None:
    repeated = sorted({str(each) for each in ids if each is None or ids.count(each) > 1})
    if repeated:
        raise ValueError(f"found panel ids {', '.join(repeated)} missing or twice")
