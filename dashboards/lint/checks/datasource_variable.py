"""``boards/datasource``, ``queries/datasource``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.lint.board import Board, DataSource, Panel, is_prometheus, plain
from dashboards.lint.boards import Boards
from exporters.problems import Problem

_FIX = "make a variable of the type datasource, and name it: ${datasource}"


def check_datasource_variable(board: Board, _: Boards) -> Iterator[Problem]:
    """Yield a board that asks a Prometheus which nobody can choose."""
    asks = any(board.asks_prometheus(each.datasource) for each in board.all_queries)
    if asks and not _has_variable(board):
        yield board.problem(
            "boards/datasource",
            "asks a Prometheus, and has no variable of such data sources to choose it by",
            _FIX,
        )


def check_datasource(panel: Panel, board: Board) -> Iterator[Problem]:
    """Yield the data sources of a panel that are named as they are called in one Grafana."""
    if not _has_variable(board):
        return
    found: dict[DataSource, None] = {}
    if panel.datasource is not None:
        found[panel.datasource] = None
    found.update(dict.fromkeys(each.datasource for each in panel.queries))
    for each in found:
        if each.name and board.asks_prometheus(each) and not (each.is_variable or each.is_grafanas):
            yield panel.problem(
                "queries/datasource",
                f"asks the data source {plain(each.name)!r}, which only one Grafana has",
                "name the board's variable of data sources",
                each.place,
            )


def _has_variable(board: Board) -> bool:
    """Tell whether a Prometheus can be chosen; a variable that says no plugin may be one of it."""
    return any(
        each.kind == "datasource" and (not each.of_type or is_prometheus(each.of_type))
        for each in board.variables
    )
