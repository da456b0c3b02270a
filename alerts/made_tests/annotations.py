"""Whether alerts say what they are about, and where to go on: of that no test of rules knows."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.made_tests.promtool import Failure
from slo.rules import AlertingRule, RuleGroup

CASE = "annotations"
NEEDED = ("summary", "description", "runbook_url", "dashboard_url")


def silent_alerts(groups: Iterable[RuleGroup]) -> tuple[Failure, ...]:
    """Return which alerts lack which of the annotations that a pager shows."""
    return tuple(
        Failure(CASE, f"{rule.alert} has a {needed}", "any time", "a text", "none")
        for group in groups
        for rule in group.rules
        if isinstance(rule, AlertingRule)
        for needed in NEEDED
        if not rule.annotations.get(needed)
    )
