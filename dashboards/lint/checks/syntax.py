"""``promql/syntax``, ``queries/unread``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from dashboards.lint.board import Query
from dashboards.lint.boards import Boards
from exporters.problems import Problem
from slo.rule_reading.expressions import words
from slo.rule_reading.rules import EXPR


def check_syntax(query: Query, _: Boards) -> Iterator[Problem]:
    """Yield what is no PromQL, at the word where it ends being some."""
    parsed, filled = query.parsed, query.filled
    if parsed.tree is not None:
        return
    if filled.guessed:
        names = ", ".join(dict.fromkeys(f"${each}" for each in filled.guessed))
        yield query.problem(
            "queries/unread",
            f"is no PromQL unless one knows what stands for {names}",
            "look at it by hand",
        )
        return
    word = next((each.text for each in words(query.expr) if each.offset == parsed.offset), "")
    yield finding(
        query,
        "promql/syntax",
        f"{parsed.error}, expected PromQL",
        "correct the expression: the panel shows nothing but an error",
        At(EXPR, word, parsed.offset),
    )
