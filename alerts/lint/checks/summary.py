"""``alerts/no-summary``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.rule_reading.rules import Rule

_SAYING = ("summary", "description")


def check_summary(rule: Rule, _: Rules) -> Iterator[Problem]:
    """Yield alerts that say nothing."""
    missing = [each for each in _SAYING if not rule.annotations.get(each, "").strip()]
    if rule.is_alert and missing:
        yield finding(
            rule,
            "alerts/no-summary",
            f"has no annotation {' and no '.join(missing)}",
            "say in a line what is wrong and where, and describe it with its value",
            At(("annotations",) if rule.annotations else ("alert",)),
        )
