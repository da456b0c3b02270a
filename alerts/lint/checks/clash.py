"""``alerts/clash``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from alerts.runbooks import runbook_names
from exporters.problems import Problem
from slo.promql import known_series
from slo.rule_reading.rules import Rule

_GROUPS = "shardwatch-"


def check_clash(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield names of somebody's rules that shardwatch's rules have as well."""
    if not rules.setting.with_ours or rule.is_generated:
        return
    field = "alert" if rule.is_alert else "record"
    ours = runbook_names() if rule.is_alert else known_series()
    if rule.name in ours:
        yield _clash(rule, f"the {field} {rule.name}", (field,))
    if rule.group.name.startswith(_GROUPS):
        yield _clash(rule, f"the group {rule.group.name}", (field,))


def _clash(rule: Rule, what: str, field: tuple[str, ...]) -> Problem:
    return finding(
        rule, "alerts/clash", f"found {what}, which shardwatch writes, too", "rename it", At(field)
    )
