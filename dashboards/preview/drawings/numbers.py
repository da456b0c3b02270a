"""Single numbers: stat, gauge and bar gauge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from dashboards.preview.drawings.given import Drawing, Given
from dashboards.preview.fields import Field
from dashboards.preview.lines import Line, as_json, reduce_values
from dashboards.preview.loose import Json, at, text, texts

MOST_ITEMS = 60
_MOST_SPARKS = 200
"""Points of the course behind a number."""


def draw_stat(given: Given) -> Drawing:
    """Return numbers, each with its recent course."""
    has_course = text(given.options.get("graphMode"), "area") != "none"
    items = [
        {**item, "course": _course(line) if has_course else []}
        for item, line, _ in _items(given)
    ]  # fmt: skip
    return {
        "kind": "stat",
        "items": items[:MOST_ITEMS],
        "paint": _paint(text(given.options.get("colorMode"), "value")),
        "names": _names(given.options, len(items)),
        "notes": _notes(len(items)),
        **_nothing(given),
    }


def draw_bar_gauge(given: Given) -> Drawing:
    """Return bars between the lowest and the highest value, or the bounds of the panel."""
    return {**_scaled(given, "bargauge"), "mode": text(given.options.get("displayMode"), "basic"),
            "upright": given.options.get("orientation") == "vertical",
            "above": given.options.get("namePlacement") == "top"}  # fmt: skip


def draw_gauge(given: Given) -> Drawing:
    """Return dials, with the colours of the thresholds around them."""
    drawing = _scaled(given, "gauge")
    drawing["bands"] = _bands(given.defaults, *drawing["bounds"])
    return drawing


def _scaled(given: Given, kind: str) -> Drawing:
    found = list(_items(given))
    values = [item["value"] for item, _, _ in found if item["value"] is not None]
    low, high = _bounds(given.defaults, values)
    items = []
    for item, _, field in found[:MOST_ITEMS]:
        low_of = field.lowest if field.lowest is not None else low
        high_of = field.highest if field.highest is not None else high
        items.append({**item, "share": _share(item["value"], low_of, high_of)})
    return {
        "kind": kind,
        "items": items,
        "bounds": [low, high],
        "names": _names(given.options, len(items)),
        "notes": _notes(len(found)),
        **_nothing(given),
    }


def _items(given: Given) -> Iterator[tuple[Json, Line, Field]]:
    calculation = (texts(at(given.options, "reduceOptions", "calcs")) or ["lastNotNull"])[0]
    for index, line, field, name in given.fields():
        value = reduce_values(line.values, calculation)
        look = field.look(value, index=index, name=name)
        item = {
            "name": name,
            "value": value if value is None or math.isfinite(value) else None,
            "text": look.text or (field.no_value or "No data" if value is None else None),
            "color": look.color,
            "unit": field.unit,
            "decimals": field.decimals,
            "links": given.links(line, field, "" if value is None else f"{value:g}"),
        }
        yield item, line, field


def _bounds(field: Field, values: Sequence[float]) -> tuple[float, float]:
    finite = [each for each in values if math.isfinite(each)]
    low = field.lowest if field.lowest is not None else min([0.0, *finite])
    high = field.highest if field.highest is not None else max([low, *finite])
    return low, high if high > low else low + 1


def _share(value: float | None, low: float, high: float) -> float:
    if value is None or high <= low:
        return 0.0
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _bands(field: Field, low: float, high: float) -> list[Json]:
    """Return the stretches of a dial that have a colour each, in shares of it."""
    steps = field.steps
    if field.is_of_share:
        steps = [(low + (high - low) * begin / 100, color) for begin, color in steps]
    ends = [*(begin for begin, _ in steps[1:]), math.inf][: len(steps)]
    return [
        {"from": _share(begin, low, high) if math.isfinite(begin) else 0.0,
         "to": _share(end, low, high) if math.isfinite(end) else 1.0, "color": color}
        for (begin, color), end in zip(steps, ends, strict=True)
    ]  # fmt: skip


def _course(line: Line) -> list[float | None]:
    stride = max(1, math.ceil(line.values.size / _MOST_SPARKS))
    return as_json(line.values[::stride]) if line.values.size > 1 else []


def _paint(mode: str) -> str:
    if mode.startswith("background"):
        return "background"
    return "value" if mode == "value" else "none"


def _names(options: Json, count: int) -> str:
    """Return what stands on each: ``value``, ``name``, ``both`` or ``none``."""
    mode = text(options.get("textMode"), "auto")
    if mode == "auto":
        return "both" if count > 1 else "value"
    return {"value_and_name": "both", "name": "name", "none": "none"}.get(mode, "value")


def _notes(count: int) -> list[str]:
    return [f"{count - MOST_ITEMS} more are not shown."] if count > MOST_ITEMS else []


def _nothing(given: Given) -> Json:
    return {"no_value": given.defaults.no_value}
