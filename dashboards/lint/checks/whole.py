"""``boards/empty``, ``boards/schema``, ``boards/title``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.lint.board import LATEST_CLASSIC_SCHEMA, Board
from dashboards.lint.boards import Boards
from exporters.problems import Problem


def check_whole(board: Board, _: Boards) -> Iterator[Problem]:
    """Yield boards that say or show nothing, or that Grafana changes as it loads them."""
    if not board.title.strip():
        yield board.problem(
            "boards/title", "has no title, and Grafana refuses it", "say in a word what it shows"
        )
    if not board.panels:
        yield board.problem("boards/empty", "has no panel", "add one, or remove the board")
    schema = board.schema
    if board.has_rows:
        yield board.problem(
            "boards/schema",
            "has rows of panels, as boards before schema 16 have them",
            "load it into Grafana and export it anew",
            (*board.place, "rows"),
        )
    elif schema is not None and schema != LATEST_CLASSIC_SCHEMA:
        found = f"has schema {schema}" if schema else "does not say which schema it has"
        yield board.problem(
            "boards/schema",
            f"{found}, expected {LATEST_CLASSIC_SCHEMA}, the last of the first kind",
            "load it into Grafana and export it anew",
            (*board.place, "schemaVersion"),
        )
