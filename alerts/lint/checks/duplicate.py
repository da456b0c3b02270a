"""``alerts/duplicate``."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from alerts.lint.finding import At, finding
from alerts.lint.label_sets import LabelSet, disagreement
from alerts.lint.names import Names
from alerts.lint.recorded import with_rule_labels
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.promql_text import write_promql
from slo.rule_reading.rules import Rule

_EVERY = Names.but([])


def check_duplicate(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield a rule that can make the same as one before it."""
    own = _result(rule, rules)
    for other in rules.alike(rule):
        if other is rule:
            return
        if _shape(rule) != _shape(other) or not _can_coincide(own, _result(other, rules)):
            continue
        line, _ = other.position(())
        kind = "alert" if rule.is_alert else "series"
        yield finding(
            rule,
            "alerts/duplicate",
            f"makes the same {kind} with the same labels as the rule at {other.file}:{line}",
            "give one of them another name or a label of its own, or remove it",
            At(("alert" if rule.is_alert else "record",)),
        )
        return


def _shape(rule: Rule) -> str | None:
    """Return the expression without its numbers: a threshold makes no other alert."""
    tree = rule.parsed.tree
    return None if tree is None else write_promql(tree, _without_number)


def _without_number(tree: promql_parser.Expr) -> str | None:
    return "NUMBER" if isinstance(tree, promql_parser.NumberLiteral) else None


def _can_coincide(own: LabelSet | None, others: LabelSet | None) -> bool:
    if own is None or others is None:
        return False
    return disagreement(own, others, _EVERY) is None


def _result(rule: Rule, rules: Rules) -> LabelSet | None:
    found = None if rule.parsed.tree is None else rules.labels_of(rule.parsed.tree)
    # A label that is a template may be anything.
    plain = {name: value for name, value in rule.labels.items() if "{{" not in value}
    return None if found is None else with_rule_labels(found, plain)
