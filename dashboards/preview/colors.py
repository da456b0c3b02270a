"""Grafana's names of colours, and its palette, as colours that browsers know. Pure.

Values: Grafana's dark theme (``packages/grafana-data/src/themes/createVisualizationColors.ts`` and
``palette.ts``); text on a light ground is told apart by its outline, not by other colours.
"""

from __future__ import annotations

import re

_HUES = {
    "red": ("#FFA6B0", "#FF7383", "#F2495C", "#E02F44", "#C4162A"),
    "orange": ("#FFCB7D", "#FFB357", "#FF9830", "#FF780A", "#FA6400"),
    "yellow": ("#FFF899", "#FFEE52", "#FADE2A", "#F2CC0C", "#E0B400"),
    "green": ("#C8F2C2", "#96D98D", "#73BF69", "#56A64B", "#37872D"),
    "blue": ("#C0D8FF", "#8AB8FF", "#5794F2", "#3274D9", "#1F60C4"),
    "purple": ("#DEB6F2", "#CA95E5", "#B877D9", "#A352CC", "#8F3BB8"),
}
_SHADES = ("super-light-", "light-", "", "semi-dark-", "dark-")
_NAMED = {
    **{f"{shade}{hue}": code for hue, codes in _HUES.items()
       for shade, code in zip(_SHADES, codes, strict=True)},
    "transparent": "transparent",
    "text": "currentColor",
    "gray": "#8E8E8E",
    "white": "#FFFFFF",
    "black": "#000000",
}  # fmt: skip

PALETTE = (
    "#73BF69", "#F2CC0C", "#8AB8FF", "#FF780A", "#F2495C", "#5794F2", "#B877D9", "#705DA0",
    "#37872D", "#FADE2A", "#447EBC", "#C15C17", "#890F02", "#0A437C", "#6D1F62", "#584477",
    "#B7DBAB", "#F4D598", "#70DBED", "#F9BA8F", "#F29191", "#82B5D8", "#E5A8E2", "#AEA2E0",
)  # fmt: skip
"""Of series that have no colour of their own, in their order."""

PLAIN = "#8E8E8E"
_CODE = re.compile(r"#[0-9a-fA-F]{3,8}|rgba?\([0-9., %]{1,40}\)")


def color_of(name: str, otherwise: str = PLAIN) -> str:
    """Return a colour for a name of Grafana's, or a code as CSS has it; anything else is plain."""
    if name in _NAMED:
        return _NAMED[name]
    return name if _CODE.fullmatch(name) else otherwise


def palette_color(index: int) -> str:
    """Return the colour of the series at an index."""
    return PALETTE[index % len(PALETTE)]


def by_name(name: str) -> str:
    """Return a colour that a series' name always gets, whichever others are there."""
    total = 0
    for character in name:
        total = (total * 31 + ord(character)) & 0xFFFFFFFF
    return palette_color(total)


SCHEMES = {
    "Blues": ("#08306b", "#2171b5", "#6baed6", "#c6dbef", "#f7fbff"),
    "Greens": ("#00441b", "#238b45", "#74c476", "#c7e9c0", "#f7fcf5"),
    "Oranges": ("#7f2704", "#d94801", "#fd8d3c", "#fdd0a2", "#fff5eb"),
    "Reds": ("#67000d", "#cb181d", "#fb6a4a", "#fcbba1", "#fff5f0"),
    "Spectral": ("#5e4fa2", "#66c2a5", "#ffffbf", "#f46d43", "#9e0142"),
    "RdYlGn": ("#a50026", "#f46d43", "#ffffbf", "#66bd63", "#006837"),
    "Turbo": ("#30123b", "#28bceb", "#a4fc3c", "#fb7e21", "#7a0403"),
    "Viridis": ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"),
}
"""Of heat maps, from little to much; d3's and matplotlib's, at five places."""


_OF_ONE_HUE = ("", "Blues", "Greens", "Oranges", "Reds")
"""Schemes that Grafana turns round with the theme."""


def follows_ground(name: str) -> bool:
    """Tell whether a scheme is turned round on light ground, so that little is light there."""
    return name in _OF_ONE_HUE


def scheme(name: str, *, is_reversed: bool) -> tuple[str, ...]:
    """Return the colours of a scheme, from little to much."""
    colors = SCHEMES.get(name or "Oranges", SCHEMES["Turbo"])
    return colors[::-1] if is_reversed else colors


_GROUND = "panel-bg"
_CONTINUOUS = {
    "BlPu": ("blue", "purple"),
    "BlYlRd": ("dark-blue", "super-light-yellow", "dark-red"),
    "GrYlRd": ("green", "yellow", "red"),
    "RdYlGr": ("red", "yellow", "green"),
    "YlBl": ("super-light-yellow", "dark-blue"),
    "YlRd": ("super-light-yellow", "dark-red"),
    "blues": (_GROUND, "dark-blue"),
    "greens": (_GROUND, "dark-green"),
    "purples": (_GROUND, "dark-purple"),
    "reds": (_GROUND, "dark-red"),
    "viridis": SCHEMES["Viridis"],
}
"""Of values, from the lowest to the highest: ``fieldColorModeRegistry`` of @grafana/data."""


def continuous_color(name: str, share: float) -> str:
    """Return the colour of a value on a scale of Grafana's; that of another scale on ``GrYlRd``.

    Args:
        name: of the scale, ``GrYlRd``.
        share: where the value lies between the lowest, 0, and the highest, 1.
    """
    share = min(max(share, 0.0), 1.0)
    first, *others = _CONTINUOUS.get(name, _CONTINUOUS["GrYlRd"])
    if first == _GROUND:
        return f"color-mix(in srgb, {color_of(others[0])} {100 * share:.0f}%, transparent)"
    codes = [color_of(each) for each in (first, *others)]
    channels = ([int(code[at : at + 2], 16) for code in codes] for at in (1, 3, 5))
    return "#" + "".join(f"{round(_spline(each, share)):02X}" for each in channels)


def _spline(values: list[int], share: float) -> float:
    """Return a place on the uniform B-spline of some values, ``interpolateBasis`` of d3."""
    pieces = len(values) - 1
    piece = min(int(share * pieces), pieces - 1)
    one, other = values[piece], values[piece + 1]
    before = values[piece - 1] if piece else 2 * one - other
    after = values[piece + 2] if piece < pieces - 1 else 2 * other - one
    at = share * pieces - piece
    weights = ((1 - at) ** 3, 4 - 6 * at**2 + 3 * at**3, 1 + 3 * (at + at**2 - at**3), at**3)
    found = sum(a * b for a, b in zip(weights, (before, one, other, after), strict=True)) / 6
    return min(max(found, 0.0), 255.0)
