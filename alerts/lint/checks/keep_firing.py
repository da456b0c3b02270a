"""``alerts/keep-firing``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.rule_reading.rules import Rule


def check_keep_firing(rule: Rule, _: Rules) -> Iterator[Problem]:
    """Yield a field that not every server takes."""
    if rule.keep_firing_seconds:
        yield finding(
            rule,
            "alerts/keep-firing",
            "has keep_firing_for, for which vmalert 1.79 and Prometheus before 2.42 refuse files",
            "hold the alert by its expression where rules run there",
            At(("keep_firing_for",)),
        )
