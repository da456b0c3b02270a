"""``alerts/unexpected``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from alerts.lint.standing import is_always_there
from alerts.unseen import UNSEEN
from exporters.problems import Problem
from slo.rule_reading.rules import Rule


def check_unexpected(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield alerts that no scenario has ever made fire, and of ours none that none can."""
    expected, tree = rules.setting.expected, rule.parsed.tree
    if expected is None or not rule.is_alert or rule.name in expected:
        return
    if tree is not None and is_always_there(tree):
        return
    if rule.is_generated and rule.name in UNSEEN:
        return
    yield finding(
        rule,
        "alerts/unexpected",
        "is expected by no scenario: nobody has seen it fire",
        "write a scenario that expects it",
        At(("alert",)),
    )
