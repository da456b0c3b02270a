"""How values are shown: units, colours, thresholds, meanings, links; defaults and overrides. Pure.

A field is one series or one column. Its settings are the panel's defaults and, over them, each
override that matches its name, the query it came from or its type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.preview.colors import PLAIN, by_name, color_of, continuous_color, palette_color
from dashboards.preview.loose import Json, at, mapping, mappings, number, text

_LONGEST_PATTERN = 500
_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")


_CONTINUOUS = "continuous-"
_COLOR_MODES = {
    **dict.fromkeys(
        ("barchart", "graph", "piechart", "timeseries", "trend", "xychart"), "palette-classic"
    ),
    "state-timeline": f"{_CONTINUOUS}GrYlRd",
}
_THRESHOLDS = {"steps": [{"color": "green", "value": None}, {"color": "red", "value": 80}]}


def with_defaults(config: Json, kind: str) -> Json:
    """Return a panel's ``fieldConfig`` with what Grafana takes where it says nothing.

    Source: each panel's ``module.tsx`` (``standardOptions``), and ``thresholdsOverrideProcessor``'s
    default in Grafana's ``getAllStandardFieldConfigs``.

    Args:
        config: as it was read.
        kind: the panel's type.
    """
    own = mapping(config.get("defaults"))
    color = {"mode": _COLOR_MODES.get(kind, "thresholds"), **mapping(own.get("color"))}
    return {**config, "defaults": {"thresholds": _THRESHOLDS, **own, "color": color}}


@dataclass(frozen=True)
class Look:
    """How one value is shown."""

    color: str
    text: str | None = None
    """What stands in place of the number, where it has a meaning."""


@dataclass(frozen=True)
class Field:
    """The settings of a field."""

    settings: Json
    extent: tuple[float, float] = (0.0, 100.0)
    """The lowest and the highest value of its panel, for colours on a scale without bounds."""

    @property
    def unit(self) -> str:
        """Return Grafana's id of its unit."""
        return text(self.settings.get("unit"), "none") or "none"

    @property
    def decimals(self) -> int | None:
        """Return how many digits stand after the point; None for as many as it takes."""
        found = number(self.settings.get("decimals"))
        return None if found is None else int(min(max(found, 0), 12))

    @property
    def lowest(self) -> float | None:
        """Return where its scale begins; None for where its values do."""
        return number(self.settings.get("min"))

    @property
    def highest(self) -> float | None:
        """Return where its scale ends; None for where its values do."""
        return number(self.settings.get("max"))

    @property
    def no_value(self) -> str:
        """Return what stands in place of nothing."""
        return text(self.settings.get("noValue"))

    @property
    def display_name(self) -> str:
        """Return the name that settings give it; empty for none."""
        return text(self.settings.get("displayName"))

    @property
    def links(self) -> list[Json]:
        """Return its links, as they were read."""
        return mappings(self.settings.get("links"))

    @property
    def color_mode(self) -> str:
        """Return what its colour comes from: ``thresholds``, ``palette-classic``, ``fixed``."""
        return text(at(self.settings, "color", "mode"), "thresholds")

    @property
    def steps(self) -> list[tuple[float, str]]:
        """Return from which value on it has which colour; the first begins at minus infinity."""
        found = [
            (-math.inf if (value := number(each.get("value"))) is None else value,
             color_of(text(each.get("color"))))
            for each in mappings(at(self.settings, "thresholds", "steps"))
        ]  # fmt: skip
        return sorted(found, key=lambda each: each[0])

    @property
    def is_of_share(self) -> bool:
        """Tell whether thresholds are percents of the scale, not values."""
        return bool(at(self.settings, "thresholds", "mode") == "percentage")

    def custom(self, *path: str) -> Any:
        """Return a setting of its kind of panel; None if there is none."""
        return at(self.settings, "custom", *path)

    def look(self, value: float | str | None, *, index: int = 0, name: str = "") -> Look:
        """Return how a value is shown: by its meaning, or by the thresholds.

        Args:
            value: a number, a text, or None for nothing.
            index: of its series among all, for the palette.
            name: of its series, for colours by name.
        """
        meaning = _meaning(mappings(self.settings.get("mappings")), value)
        color = text(mapping(meaning).get("color"))
        said = text(mapping(meaning).get("text"))
        chosen = color_of(color) if color else self.color(value, index=index, name=name)
        return Look(chosen, said or None)

    def color(self, value: float | str | None, *, index: int = 0, name: str = "") -> str:
        """Return the colour of a series whose value this is."""
        mode = self.color_mode
        if mode in ("fixed", "shades"):
            return color_of(text(at(self.settings, "color", "fixedColor")))
        if mode == "palette-classic-by-name":
            return by_name(name)
        if mode.startswith("palette-"):
            return palette_color(index)
        found = value if isinstance(value, float) else None
        if mode.startswith(_CONTINUOUS):
            return continuous_color(mode.removeprefix(_CONTINUOUS), self._share(found))
        return self.threshold_color(found)

    def _share(self, value: float | None) -> float:
        low = self.extent[0] if self.lowest is None else self.lowest
        high = self.extent[1] if self.highest is None else self.highest
        if value is None or not math.isfinite(value) or high <= low:
            return 0.0
        return (value - low) / (high - low)

    def threshold_color(self, value: float | None) -> str:
        """Return the colour of the highest threshold that a value reaches."""
        steps = self.steps
        if not steps:
            return PLAIN
        if value is None or math.isnan(value):
            return steps[0][1]
        at_value = value
        if self.is_of_share:
            low, high = self.lowest or 0.0, self.highest if self.highest is not None else 100.0
            at_value = 100 * (value - low) / (high - low) if high > low else 0.0
        reached = [color for begin, color in steps if at_value >= begin]
        return reached[-1] if reached else steps[0][1]

    @property
    def meanings(self) -> list[tuple[str, str]]:
        """Return text and colour of every meaning that a value can have, in their order."""
        found: list[tuple[float, str, str]] = []
        for each in mappings(self.settings.get("mappings")):
            options = mapping(each.get("options"))
            results = options.values() if each.get("type") == "value" else [options.get("result")]
            for result in map(mapping, results):
                index = number(result.get("index")) or 0.0
                found.append((index, text(result.get("text")), color_of(text(result.get("color")))))
        return [(said, color) for _, said, color in sorted(found, key=lambda each: each[0]) if said]


def _meaning(known: Sequence[Json], value: float | str | None) -> Any:
    for each in known:
        options = mapping(each.get("options"))
        kind = each.get("type")
        if kind == "value":
            for written, result in options.items():
                if _is_written(value, written):
                    return result
        elif kind == "range" and isinstance(value, float) and not math.isnan(value):
            low, high = number(options.get("from")), number(options.get("to"))
            if (low is None or value >= low) and (high is None or value <= high):
                return options.get("result")
        elif kind == "special" and _is_special(text(options.get("match")), value):
            return options.get("result")
        elif kind == "regex" and isinstance(value, str):
            pattern = compiled(text(options.get("pattern")))
            if pattern is not None and pattern.search(value):
                return options.get("result")
    return None


def _is_written(value: float | str | None, written: str) -> bool:
    if isinstance(value, str):
        return value == written
    return isinstance(value, float) and number(written) == value


def _is_special(match: str, value: float | str | None) -> bool:
    is_nan = isinstance(value, float) and math.isnan(value)
    return {
        "null": value is None,
        "nan": is_nan,
        "null+nan": value is None or is_nan,
        "empty": value == "",
        "true": value == "true",
        "false": value == "false",
    }.get(match, False)


def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a regular expression of a dashboard's, ``/x/`` or ``x``; None if it is none."""
    body = (
        pattern[1:].rpartition("/")[0] if pattern.startswith("/") and len(pattern) > 1 else pattern
    )
    if not body or len(body) > _LONGEST_PATTERN:
        return None
    try:
        # JavaScript names a group with one letter less.
        return re.compile(_NAMED_GROUP.sub("(?P<", body))
    except re.error:
        return None


def field_of(config: Json, name: str, ref: str = "", type_: str = "number") -> Field:
    """Return the settings of a field.

    Args:
        config: a panel's ``fieldConfig``.
        name: of the field.
        ref: of the query that it came from.
        type_: ``number``, ``string`` or ``time``.
    """
    settings: dict[str, Any] = dict(mapping(config.get("defaults")))
    for override in mappings(config.get("overrides")):
        if _matches(mapping(override.get("matcher")), name, ref, type_):
            for each in mappings(override.get("properties")):
                _set(settings, text(each.get("id")).split("."), each.get("value"))
    return Field(settings)


def _matches(matcher: Mapping[str, Any], name: str, ref: str, type_: str) -> bool:
    kind, options = matcher.get("id"), matcher.get("options")
    if kind == "byName":
        return bool(options == name)
    if kind == "byRegexp":
        pattern = compiled(text(options))
        return pattern is not None and pattern.search(name) is not None
    if kind in ("byFrameRefID", "byType"):
        return bool(options == (ref if kind == "byFrameRefID" else type_))
    if kind == "byNames":
        return name in mapping(options).get("names", ())
    return False


def _set(settings: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        inner = dict(mapping(settings.get(key)))
        settings[key] = inner
        settings = inner
    settings[path[-1]] = value
