"""``panels/duplicate-id``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.lint.board import Board, Panel
from dashboards.lint.boards import Boards
from exporters.problems import Problem


def check_duplicate_id(board: Board, _: Boards) -> Iterator[Problem]:
    """Yield panels that have the id of one before them."""
    firsts: dict[int, Panel] = {}
    for panel in board.panels:
        if panel.id is None:
            continue
        first = firsts.setdefault(panel.id, panel)
        if first is not panel:
            line = first.source.position(first.place)[0]
            yield panel.problem(
                "panels/duplicate-id",
                f"has the id {panel.id}, as {first.name} has at line {line}",
                "give it one that no panel of the board has or had",
                (*panel.place, "id"),
            )
