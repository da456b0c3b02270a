"""Bands over time: which state each series was in, and until when."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dashboards.preview.drawings.given import Drawing, Given
from dashboards.preview.fields import Field
from dashboards.preview.lines import Line
from dashboards.preview.loose import Json, at, text

MOST_ROWS = 60


def draw_state_timeline(given: Given) -> Drawing:
    """Return a row a series, and in it a stretch a state; the legend names the states."""
    rows = [
        {"name": name, "stretches": list(_stretches(given, line, field, index)),
         "unit": field.unit, "decimals": field.decimals, "links": given.links(line, field)}
        for index, line, field, name in given.fields()
    ]  # fmt: skip
    base = given.defaults
    return {
        "kind": "state-timeline",
        "from": given.range.start,
        "to": given.range.end,
        "rows": rows[:MOST_ROWS],
        "values_shown": text(given.options.get("showValue"), "auto") != "never",
        "meanings": [{"text": said, "color": color} for said, color in base.meanings]
        if at(given.options, "legend", "showLegend") is not False
        else [],
        "no_value": base.no_value,
        "notes": [f"{len(rows) - MOST_ROWS} more rows are not shown."]
        if len(rows) > MOST_ROWS
        else [],
    }


def _stretches(given: Given, line: Line, field: Field, index: int) -> Iterator[Json]:
    """Give stretches of one look; a sample stands until the next one, or for a step."""
    now: tuple[float, float, Json] | None = None
    for moment, value in zip(given.times.tolist(), line.values.tolist(), strict=True):
        if math.isnan(value):
            if now is not None:
                yield _stretch(*now)
            now = None
            continue
        look = field.look(value, index=index, name=line.name)
        shown = {"text": look.text, "color": look.color,
                 "value": value if math.isfinite(value) else None}  # fmt: skip
        if now is not None and _are_alike(now[2], shown):
            now = (now[0], moment + given.step, now[2])
            continue
        if now is not None:
            yield _stretch(*now)
        now = (moment, moment + given.step, shown)
    if now is not None:
        yield _stretch(*now)


def _are_alike(one: Json, other: Json) -> bool:
    if one["text"] is not None or other["text"] is not None:
        return bool(one["text"] == other["text"] and one["color"] == other["color"])
    return bool(one["value"] == other["value"])


def _stretch(begin: float, end: float, shown: Json) -> Json:
    return {"from": begin, "to": end, **shown}
