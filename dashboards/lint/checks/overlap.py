"""``panels/overlap``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dashboards.layout import COLUMNS
from dashboards.lint.board import Board, Grid, Panel
from dashboards.lint.boards import Boards
from exporters.documents import Place
from exporters.problems import Problem


def check_overlap(board: Board, _: Boards) -> Iterator[Problem]:
    """Yield panels that stand on others, or where there is no column."""
    groups: dict[Place, list[tuple[Grid, Panel]]] = defaultdict(list)
    for panel in board.panels:
        grid = panel.grid
        if grid is None:
            continue
        if grid.x < 0 or grid.width <= 0 or grid.height <= 0 or grid.x + grid.width > COLUMNS:
            yield panel.problem(
                "panels/overlap",
                f"stands in columns {grid.x:g} to {grid.x + grid.width:g} with a height of "
                f"{grid.height:g}, expected some of the {COLUMNS} columns",
                "correct its gridPos",
                grid.place,
            )
        else:
            groups[panel.group].append((grid, panel))
    for placed in groups.values():
        yield from _overlapping(placed)


def _overlapping(placed: list[tuple[Grid, Panel]]) -> Iterator[Problem]:
    """Yield the panels that cover one that begins above or beside them."""
    beside: list[tuple[Grid, Panel]] = []
    for grid, panel in sorted(placed, key=lambda each: (each[0].y, each[0].x)):
        beside = [each for each in beside if each[0].y + each[0].height > grid.y]
        under = next((other for each, other in beside if each.overlaps(grid)), None)
        if under is None:
            beside.append((grid, panel))
            continue
        line = under.source.position(under.place)[0]
        message = f"covers a part of {under.name}, at line {line}"
        yield panel.problem("panels/overlap", message, "correct its gridPos", grid.place)
