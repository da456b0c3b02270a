"""What a query variable asks: ``label_values(series, label)``, ``query_result(expression)``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dashboards.lint.board import Query, Text

_OF_LABELS, _OF_RESULTS = "label_values(", "query_result("


def variable_query(query: Query) -> Iterator[Query]:
    """Yield the expression that a variable's query has in it, if it has one.

    Args:
        query: whose expression is the whole text: ``label_values(up, job)``.
    """
    text = query.written.text
    start = len(text) - len(text.lstrip())
    said = text.strip()
    if not said.endswith(")"):
        return
    if said.startswith(_OF_RESULTS):
        yield _part(query, start + len(_OF_RESULTS), start + len(said) - 1, "")
    elif said.startswith(_OF_LABELS):
        comma = said.rfind(",")
        # `label_values(job)` asks no series in particular.
        if comma > 0 and said.find("}", comma) < 0:
            label = said[comma + 1 : -1].strip()
            yield _part(query, start + len(_OF_LABELS), start + comma, label)


def _part(query: Query, first: int, end: int, label: str) -> Query:
    written = Text(query.written.text[first:end], query.written.place)
    return replace(query, written=written, shift=first, label=label)
