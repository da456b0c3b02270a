"""Where comments about checks stand in dashboards.

JSON has none. An expression does (``# shardwatch:ignore ...``), and a description, which Grafana
shows as Markdown, has those of HTML (``<!-- shardwatch:ignore ... -->``), which nobody sees.
"""

from __future__ import annotations

from alerts.lint.ignoring import Ignored, comments_in
from dashboards.lint.board import Query
from dashboards.lint.json_text import JsonFile
from exporters.documents import Place


def in_expression(query: Query) -> list[Ignored]:
    """Return the comments of an expression: they are about it."""
    return [
        Ignored(
            check, reason,
            *query.source.position_in(query.written.place, offset + query.shift),
        )
        for offset, check, reason in comments_in(query.written.text, "#")
    ]  # fmt: skip


def in_description(source: JsonFile, place: Place, description: str) -> list[Ignored]:
    """Return the comments of a description: they are about the panel or the board, and all in it.

    Args:
        source: the file.
        place: of the description.
        description: the text.
    """
    return [
        Ignored(check, reason, *source.position_in(place, offset))
        for offset, check, reason in comments_in(description, "<!--", "-->")
    ]
