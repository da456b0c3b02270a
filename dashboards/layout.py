"""Where panels stand: bands of equal height, one under the other, 24 columns wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import attr
from grafanalib import core

COLUMNS = 24
FIRST_SCREEN_HEIGHT = 22
"""Units that a browser of 1920 x 1080 shows without scrolling: 30 pixels and a gap of 8 each,
below some 200 pixels of Grafana's own."""


@dataclass(frozen=True)
class Band:
    """Panels side by side, all of one height, sharing the width evenly or as given."""

    height: int
    panels: tuple[Any, ...]
    widths: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        widths = self.widths or (COLUMNS // len(self.panels),) * len(self.panels)
        if len(widths) != len(self.panels) or sum(widths) != COLUMNS:
            raise ValueError(f"found widths {widths}, expected {COLUMNS} in all, one a panel")
        object.__setattr__(self, "widths", widths)


def place(bands: Sequence[Band]) -> list[Any]:
    """Return the panels of all bands, each with its place, in reading order.

    What follows a collapsed row up to the next row is put into it, for there Grafana keeps it. Its
    places are those that it has when the row is opened.
    """
    placed: list[Any] = []
    into = placed
    top = below = 0
    for band in bands:
        if _is_row(band):
            top, into = (top if into is placed else below), placed
        left = 0
        for panel, width in zip(band.panels, band.widths, strict=True):
            position = core.GridPos(h=band.height, w=width, x=left, y=top)
            into.append(attr.evolve(panel, gridPos=position))
            left += width
        top += band.height
        if _is_row(band) and band.panels[0].collapsed:
            below, into = top, []
            placed[-1] = attr.evolve(placed[-1], panels=into)
    return placed


def _is_row(band: Band) -> bool:
    return isinstance(band.panels[0], core.RowPanel)
