"""``variables/duplicate``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.lint.board import Board, Variable, plain
from dashboards.lint.boards import Boards
from exporters.problems import Problem


def check_variable_duplicate(board: Board, _: Boards) -> Iterator[Problem]:
    """Yield variables that have the name of one before them."""
    firsts: dict[str, Variable] = {}
    for variable in board.variables:
        if variable.is_input or not variable.name:
            continue
        first = firsts.setdefault(variable.name, variable)
        if first is not variable:
            line, _column = board.source.position(first.place)
            yield board.problem(
                "variables/duplicate",
                f"has a second variable {plain(variable.name)}, beside that at line {line}",
                "give it a name of its own",
                variable.place,
            )
