"""Lines, bars and points over time."""

from __future__ import annotations

import math
from typing import Any

from dashboards.preview.drawings.given import Drawing, Given
from dashboards.preview.fields import Field
from dashboards.preview.lines import CALCULATION_NAMES, Line, as_json, reduce_values
from dashboards.preview.loose import Json, at, mapping, number, text, texts

MOST_LINES = 100
"""More can neither be told apart nor drawn at once; the rest is counted."""


def draw_time_series(given: Given) -> Drawing:
    """Return lines with their colours, scales, limits and legend."""
    shown = [each for each in given.fields() if not _is_hidden(each[2])]
    drawn = shown[:MOST_LINES]
    calculations = texts(at(given.options, "legend", "calcs"))
    base = given.defaults
    units = list(dict.fromkeys(field.unit for _, _, field, _ in drawn)) or [base.unit]
    return {
        "kind": "timeseries",
        "times": given.times.tolist(),
        "from": given.range.start,
        "to": given.range.end,
        "step": given.step,
        "series": [
            {**_series(given, each, calculations), "scale": units.index(each[2].unit)}
            for each in drawn
        ],
        "scales": [_scale(unit, drawn, base) for unit in units[:2]],
        "stacked": text(base.custom("stacking", "mode"), "none") in ("normal", "percent"),
        "thresholds": _thresholds(base),
        "legend": _legend(given.options, calculations),
        "no_value": base.no_value,
        "notes": [f"{len(shown) - MOST_LINES} more series are not drawn."]
        if len(shown) > MOST_LINES
        else [],
    }  # fmt: skip


def _is_hidden(field: Field) -> bool:
    return mapping(field.custom("hideFrom")).get("viz") is True


def _series(
    given: Given, drawn: tuple[int, Line, Field, str], calculations: list[str]
) -> dict[str, Any]:
    index, line, field, name = drawn
    last = reduce_values(line.values, "lastNotNull")
    custom = field.custom
    dash = [each for each in custom("lineStyle", "dash") or () if isinstance(each, (int, float))]
    styled = text(custom("lineStyle", "fill")) in ("dash", "dot")
    values = -line.values if text(custom("transform")) == "negative-Y" else line.values
    return {
        "name": name,
        "values": as_json(values),
        "color": field.color(last, index=index, name=name),
        "style": text(custom("drawStyle"), "line"),
        "stepped": text(custom("lineInterpolation")).startswith("step"),
        "width": number(custom("lineWidth")) if custom("lineWidth") is not None else 1,
        "fill": (number(custom("fillOpacity")) or 0) / 100,
        "dash": (dash or [10, 10])[:8] if styled else [],
        "points": text(custom("showPoints"), "auto"),
        "span_nulls": custom("spanNulls") is True,
        "unit": field.unit,
        "decimals": field.decimals,
        "stats": [reduce_values(line.values, each) for each in calculations],
        "links": given.links(line, field, "" if last is None else f"{last:g}"),
    }


def _scale(unit: str, drawn: list[tuple[int, Line, Field, str]], base: Field) -> Json:
    fields = [field for _, _, field, _ in drawn if field.unit == unit] or [base]
    lows = [each.lowest for each in fields if each.lowest is not None]
    highs = [each.highest for each in fields if each.highest is not None]
    return {
        "unit": unit,
        "decimals": fields[0].decimals,
        "min": min(lows) if lows else None,
        "max": max(highs) if highs else None,
        "soft_min": number(fields[0].custom("axisSoftMin")),
        "soft_max": number(fields[0].custom("axisSoftMax")),
        "log": number(fields[0].custom("scaleDistribution", "log"))
        if fields[0].custom("scaleDistribution", "type") == "log"
        else None,
        "label": text(fields[0].custom("axisLabel")),
    }


def _thresholds(base: Field) -> Json | None:
    style = text(base.custom("thresholdsStyle", "mode"), "off")
    if style == "off":
        return None
    steps = [{"value": begin if math.isfinite(begin) else None, "color": color}
             for begin, color in base.steps]  # fmt: skip
    return {"style": style, "steps": steps}


def _legend(options: Json, calculations: list[str]) -> Json:
    legend = mapping(options.get("legend"))
    is_shown = legend.get("showLegend") is not False and legend.get("displayMode") != "hidden"
    return {
        "shown": is_shown,
        "mode": "table" if legend.get("displayMode") == "table" else "list",
        "placement": "right" if legend.get("placement") == "right" else "bottom",
        "calculations": [CALCULATION_NAMES.get(each, each) for each in calculations],
    }
