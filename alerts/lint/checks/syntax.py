"""``promql/syntax``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.rule_reading.expressions import words
from slo.rule_reading.rules import EXPR, Rule


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
