"""``rules/template``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.rule_reading.rules import Rule
from slo.spec.templates import CORRECT_TEMPLATE, wrong_with_template


def check_template(rule: Rule, _: Rules) -> Iterator[Problem]:
    """Yield labels and annotations that Prometheus could not parse."""
    for field, text in rule.templates:
        wrong = wrong_with_template(text)
        if wrong is not None:
            yield finding(
                rule, "rules/template", f"{field[-1]}: {wrong}", CORRECT_TEMPLATE, At(field)
            )
