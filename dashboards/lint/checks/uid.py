"""``boards/uid``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.lint.board import Board
from dashboards.lint.boards import Boards
from exporters.problems import Problem

_VALID = re.compile(r"[a-zA-Z0-9_-]{1,40}")
"""``shortUIDFormat`` of Grafana's pkg/util/shortid_generator.go; a resource's name may be longer,
and have dots."""
_VALID_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}")


def check_uid(board: Board, _: Boards) -> Iterator[Problem]:
    """Yield boards whose address changes, or that Grafana refuses."""
    valid = _VALID if board.schema is not None else _VALID_NAME
    if not board.uid:
        message = "has no uid: each Grafana gives it another, and links to it lead nowhere"
        yield board.problem("boards/uid", message, "give it one, of letters and dashes")
    elif valid.fullmatch(board.uid) is None:
        most = 40 if board.schema is not None else 253
        message = f"has a uid that Grafana refuses, expected at most {most} letters, digits, - or _"
        yield board.problem("boards/uid", message, "give it another", board.uid_place)
