"""``labels/overwritten``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from alerts.lint.templates import is_copy
from exporters.problems import Problem
from slo.rule_reading.rules import Rule


def check_overwritten(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield labels that a rule sets and that tell the elements of its expression apart."""
    if rule.parsed.tree is None:
        return
    found = rules.labels_of(rule.parsed.tree)
    if found is None:
        return
    for label, value in rule.labels.items():
        is_there = label in found.sure or (found.is_known and label in found.may)
        if not is_there or found.constant(label) is not None:
            continue
        if rule.is_alert and is_copy(value, label):
            continue
        yield finding(
            rule,
            "labels/overwritten",
            f"sets {label}, which the expression's result has with values of its own: elements "
            "that differ in it alone become one, and the rule fails",
            "take another name, or aggregate the label away",
            At(("labels", label)),
        )
