"""``queries/fixed-window``, ``queries/interval``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.lint.board import Query
from dashboards.lint.boards import Boards
from dashboards.lint.references import references
from exporters.durations import parse_duration
from exporters.problems import Problem

_RATES = frozenset({"rate", "increase", "irate", "delta", "idelta"})
_TOO_SHORT = frozenset({"__interval", "__interval_ms"})
_LONG_SECONDS = 3600.0
"""Steps are as long as this only where a graph shows more than a month: whoever asks for an hour
means it."""
_FIX = "take $__rate_interval"


def check_interval(query: Query, _: Boards) -> Iterator[Problem]:
    """Yield rates over windows that do not follow the steps, or are too short for a rate."""
    for window in query.filled.windows:
        if window.function not in _RATES:
            continue
        names = {each.name for each in references(window.text)}
        if names & _TOO_SHORT:
            message = f"takes {window.function} over {window.text}, which may hold one sample"
            yield _at(query, window.start, "queries/interval", message)
        elif not names and query.is_range and _seconds(window.text) < _LONG_SECONDS:
            message = f"draws {window.function} over {window.text}, however long the steps are"
            yield _at(query, window.start, "queries/fixed-window", message)


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError:
        return 0.0  # a sum of durations, or none


def _at(query: Query, offset: int, check: str, message: str) -> Problem:
    line, column = query.source.position_in(query.written.place, offset + query.shift)
    return Problem(query.file, line, column, query.name, message, _FIX, check)
