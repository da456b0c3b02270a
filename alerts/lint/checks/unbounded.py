"""``labels/unbounded``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding, in_expr
from alerts.lint.rules import Rules
from alerts.lint.templates import labels_asked_for
from exporters.problems import Problem
from slo.rule_reading.rules import Rule

UNBOUNDED = frozenset(
    {"client_ip", "conversation_id", "email", "error_message", "ip", "message", "pod_ip",
     "prompt", "query", "remote_addr", "request_id", "session", "session_id", "span_id", "tenant",
     "tenant_id", "trace_id", "uri", "url", "user", "user_agent", "user_id", "username"}
)  # fmt: skip
"""Names of labels that have no bounded set of values anywhere. None is in our catalogue."""


def check_unbounded(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield labels of a rule's result that have a value for each user or request."""
    fix = "aggregate it away; look it up in logs or traces"
    found = None if rule.parsed.tree is None else rules.labels_of(rule.parsed.tree)
    told = set()
    for label in sorted(UNBOUNDED):
        if found is None or label not in found.may or found.constant(label) is not None:
            continue
        if label in found.sure or found.is_known:
            told.add(label)
            message = f"its result has the label {label}, which has no bounded set of values"
            yield finding(rule, "labels/unbounded", message, fix, in_expr(rule, label))
    for name, text in rule.labels.items() if rule.is_alert else ():
        for label in labels_asked_for(text):
            if label in UNBOUNDED - told:
                told.add(label)
                message = f"the label {name} is made of {label}, which has no bounded set of values"
                at = At(("labels", name), label, text.find(f".{label}") + 1)
                yield finding(rule, "labels/unbounded", message, fix, at)
