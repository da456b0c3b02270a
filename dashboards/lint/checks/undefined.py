"""``variables/undefined``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboards.lint.board import Board, Query, Text
from dashboards.lint.boards import Boards
from dashboards.lint.references import references
from exporters.problems import Problem


def check_undefined(board: Board, _: Boards) -> Iterator[Problem]:
    """Yield variables that queries, titles and links name, and that the board does not have."""
    yield from _missing(board, board.name, [*board.texts, *board.links])
    for panel in board.panels:
        texts = [*panel.texts, *panel.links]
        if panel.datasource is not None:
            texts.append(Text(panel.datasource.name, panel.datasource.place))
        yield from _missing(board, panel.name, texts)
    for query in board.all_queries:
        yield from _missing(board, query.name, _texts(query), query.shift)


def _texts(query: Query) -> list[Text]:
    return [query.written, *([query.legend] if query.legend else [])]


def _missing(board: Board, name: str, texts: Sequence[Text], shift: int = 0) -> Iterator[Problem]:
    told = set()
    for text in texts:
        for each in references(text.text):
            known = each.is_built_in or each.name in board.variables_by_name or each.name in told
            if known:
                continue
            told.add(each.name)
            line, column = board.source.position_in(text.place, each.start + shift)
            yield Problem(
                board.source.file,
                line,
                column,
                name,
                f"names the variable {each.name}, which the board does not define",
                "define it, or correct its name",
                "variables/undefined",
            )
