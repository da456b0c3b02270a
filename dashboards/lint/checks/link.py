"""``boards/link``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.lint.board import Board, Text, plain
from dashboards.lint.boards import Boards
from exporters.problems import Problem

_TO_BOARD = re.compile(r"(?:(?:/[\w.-]+)*/)?d/(?P<uid>[^/?#&]+)")
"""An address on the same server: of a board by its uid, perhaps below a path of Grafana's."""


def check_link(board: Board, boards: Boards) -> Iterator[Problem]:
    """Yield links to boards that are not there: the board's own, its panels', its values'."""
    if not boards.are_all:
        return
    for link in board.links:
        if (uid := _missing(link, boards)) is not None:
            yield board.problem("boards/link", *_said(uid), link.place)
    for panel in board.panels:
        for link in panel.links:
            if (uid := _missing(link, boards)) is not None:
                yield panel.problem("boards/link", *_said(uid), link.place)


def _missing(link: Text, boards: Boards) -> str | None:
    found = _TO_BOARD.match(link.text)
    if found is None or "$" in found["uid"] or found["uid"] in boards.uids:
        return None
    return found["uid"]


def _said(uid: str) -> tuple[str, str]:
    message = f"links to the board {plain(uid)}, which is not among the files given"
    return message, "correct its uid, or give its file, too"
