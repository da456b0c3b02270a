"""``boards/duplicate-uid``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.lint.board import Board, plain
from dashboards.lint.boards import Boards
from exporters.problems import Problem


def check_duplicate_uid(board: Board, boards: Boards) -> Iterator[Problem]:
    """Yield a board that has the uid of one before it."""
    first = boards.firsts.get(board.uid)
    if board.uid and first is not None and first is not board:
        line, _ = first.source.position(first.uid_place)
        yield board.problem(
            "boards/duplicate-uid",
            f"has the uid {plain(board.uid)}, as {first.name} has at {first.source.file}:{line}",
            "give one of them another uid, or remove it",
            board.uid_place,
        )
