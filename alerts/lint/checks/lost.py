"""``labels/lost``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.checks.label import listed, mistyped_fix
from alerts.lint.finding import At, finding
from alerts.lint.label_sets import NAME
from alerts.lint.mistyped import meant
from alerts.lint.rules import Rules
from alerts.lint.templates import labels_asked_for
from exporters.problems import Problem
from slo.rule_reading.rules import Rule


def check_lost(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield labels that templates show and the expression's result never has."""
    if rule.parsed.tree is None:
        return
    found = rules.labels_of(rule.parsed.tree)
    if found is None:
        return
    for field, text in rule.templates:
        for label in labels_asked_for(text):
            at = At(field, label, text.find(f".{label}") + 1)
            if label in found.may or label == NAME:
                near = meant(label, rule.parsed.tree, rules)
                if near is not None:
                    said = f"{field[-1]} shows {label}, which may be {near} mistyped"
                    yield finding(rule, "labels/lost", said, mistyped_fix(near), at)
                continue
            is_own = label in rule.labels or label == "alertname"
            why = (
                "which the rule sets itself: templates see the labels of the expression alone"
                if is_own
                else f"which the expression does not have; its labels are {listed(found)}"
            )
            yield finding(
                rule,
                "labels/lost",
                f"{field[-1]} shows {label}, {why}",
                "write its value out" if is_own else "keep the label, or do not show it",
                at,
            )
