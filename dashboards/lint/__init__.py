"""What is wrong with dashboards, ours or anyone's: panels that stay empty, mislead, or say nothing.

A module for each check, none of which prints. ``README.md`` has the table of all. What is checked
of a panel's expression and of a rule's alike is in :mod:`alerts.lint`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alerts.lint.checks import OF_LABELS, OF_SERIES
from alerts.lint.checks.series import check_series
from alerts.lint.ignoring import without_ignored
from alerts.lint.rules import Rules, Setting
from dashboards.lint.board import Board, Panel, Query
from dashboards.lint.boards import Boards
from dashboards.lint.checks import OF_BOARDS, OF_PANELS, OF_QUERIES
from dashboards.lint.comments import in_description, in_expression
from dashboards.lint.reading import read_boards
from dashboards.lint.recorded import with_ours
from dashboards.lint.table import TABLE
from exporters.problems import Problem
from slo.rule_reading.rules import Rule

__all__ = ["TABLE", "Board", "lint", "read_boards"]


def lint(
    boards: Sequence[Board],
    rules: Sequence[Rule] = (),
    setting: Setting | None = None,
    *,
    are_all: bool = True,
) -> list[Problem]:
    """Return what is wrong or doubtful with dashboards, sorted.

    Each problem has the id of its check; the table says how grave it is.

    Args:
        boards: that could be read.
        rules: that record what they ask for, besides shardwatch's.
        setting: what they are held against.
        are_all: whether all that were named could be read; else nobody knows where links lead.
    """
    together = Boards(boards, Rules(with_ours(rules), setting or Setting()), are_all)
    found: dict[Problem, None] = {}
    for board in boards:
        found.update(dict.fromkeys(_of_board(board, together)))
    return sorted(found)


def _of_board(board: Board, boards: Boards) -> Iterator[Problem]:
    problems = [problem for check in OF_BOARDS for problem in check(board, boards)]
    for panel in board.panels:
        problems += _of_panel(panel, board, boards)
    for query in board.queries:
        problems += _of_query(query, board, boards)
    ignored = in_description(board.source, (*board.place, "description"), board.description)
    yield from without_ignored(ignored, problems, TABLE, board.problem("", "", ""))


def _of_panel(panel: Panel, board: Board, boards: Boards) -> Iterator[Problem]:
    problems = [problem for check in OF_PANELS for problem in check(panel, board)]
    for query in panel.queries:
        problems += _of_query(query, board, boards)
    ignored = in_description(panel.source, (*panel.place, "description"), panel.description)
    yield from without_ignored(ignored, problems, TABLE, panel.problem("", "", ""))


def _of_query(query: Query, board: Board, boards: Boards) -> Iterator[Problem]:
    if not board.asks_prometheus(query.datasource):
        return
    problems = [problem for check in OF_QUERIES for problem in check(query, boards)]
    # A variable that offers a label's values takes no value of the series.
    for of_any in (check_series,) if query.label else OF_SERIES:
        problems += of_any(query, boards.rules)
    if query.are_labels_known:
        for of_labels in OF_LABELS:
            problems += of_labels(query, boards.rules)
    yield from without_ignored(in_expression(query), problems, TABLE, query.problem("", "", ""))
