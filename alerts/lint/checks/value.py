"""``labels/value``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from alerts.lint.templates import shows_value
from exporters.problems import Problem
from slo.rule_reading.rules import Rule

_WORDS = ("$value", ".Value", "value")


def check_value(rule: Rule, _: Rules) -> Iterator[Problem]:
    """Yield labels that change with the value."""
    for name, text in rule.labels.items() if rule.is_alert else ():
        if shows_value(text):
            yield finding(
                rule,
                "labels/value",
                f"the label {name} has the value in it: with each change it is another alert, "
                "which waits and pages anew",
                "show the value in an annotation",
                At(("labels", name), next(each for each in _WORDS if each in text)),
            )
