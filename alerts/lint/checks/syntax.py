"""``promql/syntax``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.expressions import words
from alerts.lint.finding import EXPR, At, finding
from alerts.lint.rule_files import Rule
from alerts.lint.rules import Rules
from exporters.problems import Problem


def check_syntax(rule: Rule, _: Rules) -> Iterator[Problem]:
    """Yield what is no PromQL, at the word where it ends being some."""
    parsed = rule.parsed
    if parsed.tree is not None:
        return
    word = next((each.text for each in words(rule.expr) if each.offset == parsed.offset), "")
    yield finding(
        rule,
        "promql/syntax",
        f"{parsed.error}, expected PromQL",
        "correct the expression: Prometheus would refuse the whole file",
        At(EXPR, word, parsed.offset),
    )
