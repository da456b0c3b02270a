"""``alerts/severity``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from exporters.documents import shown
from exporters.problems import Problem
from slo.conventions import SEVERITY
from slo.rule_reading.rules import Rule


def check_severity(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield alerts whose severity nobody can route by."""
    if not rule.is_alert:
        return
    severity, known = rule.labels.get(SEVERITY), rules.setting.severities
    if severity is None:
        found = None if rule.parsed.tree is None else rules.labels_of(rule.parsed.tree)
        if found is not None and SEVERITY in found.sure:
            return
        yield finding(
            rule,
            "alerts/severity",
            f"has no label {SEVERITY}",
            f"add one of {', '.join(known)}",
            At(("labels",) if rule.labels else ("alert",)),
        )
    elif severity not in known and "{{" not in severity:
        yield finding(
            rule,
            "alerts/severity",
            f"found the severity {shown(severity)}, expected one of {', '.join(known)}",
            "take one of them, or name yours with --severity",
            At(("labels", SEVERITY)),
        )
