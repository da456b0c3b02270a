"""``alerts/clash``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.group_names import group_names
from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from alerts.routing.names import may_be_taken
from alerts.runbooks import runbook_names
from alerts.watchdog import WATCHDOG
from exporters.problems import Problem
from slo.conventions import SEVERITY
from slo.promql import known_series
from slo.rule_reading.rules import Rule


def check_clash(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield names of somebody's rules that shardwatch's rules have as well."""
    if not rules.setting.with_ours or rule.is_generated:
        return
    if rule.place[-1] == 0 and rule.group.name in group_names():
        yield _group_clash(rule)
    if rule.is_alert and _is_taken(rule):
        severity = rule.labels[SEVERITY]
        yield finding(
            rule,
            "alerts/clash",
            f"found the alert {rule.name} with severity {severity}, which shardwatch writes, too: "
            "Alertmanager would lead it to shardwatch's receivers",
            "rename it",
            At(("alert",)),
        )
    elif not rule.is_alert and rule.name in known_series():
        said = f"found the record {rule.name}, which shardwatch writes, too"
        yield finding(rule, "alerts/clash", said, "rename it", At(("record",)))


def _is_taken(rule: Rule) -> bool:
    """Tell whether our route takes an alert: that of the watchdog asks for one more label."""
    is_called_so = rule.name != WATCHDOG and rule.name in runbook_names()
    return is_called_so and may_be_taken(rule.labels.get(SEVERITY, ""))


def _group_clash(rule: Rule) -> Problem:
    """Return it at the group's name, whatever its rules are."""
    line, column = rule.group.source.position((*rule.group.place, "name"))
    name = rule.group.name
    said = f"found the group {name}, which shardwatch writes, too"
    return Problem(rule.file, line, column, name, said, "rename it", "alerts/clash")
