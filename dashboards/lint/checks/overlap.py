"""``panels/overlap``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dashboards.layout import COLUMNS
from dashboards.lint.board import Board, Panel
from dashboards.lint.boards import Boards
from exporters.documents import Place
from exporters.problems import Problem


def check_overlap(board: Board, _: Boards) -> Iterator[Problem]:
    """Yield panels that stand on others, or where there is no column."""
    groups: dict[Place, list[Panel]] = defaultdict(list)
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
            continue
        under = next(
            (each for each in groups[panel.group] if each.grid and each.grid.overlaps(grid)), None
        )
        groups[panel.group].append(panel)
        if under is not None:
            line = under.source.position(under.place)[0]
            yield panel.problem(
                "panels/overlap",
                f"covers a part of {under.name}, at line {line}",
                "correct its gridPos",
                grid.place,
            )
