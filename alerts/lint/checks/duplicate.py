"""``alerts/duplicate``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.finding import At, finding
from alerts.lint.label_sets import LabelSet, disagreement
from alerts.lint.names import Names
from alerts.lint.recorded import with_rule_labels
from alerts.lint.rule_files import Rule
from alerts.lint.rules import Rules
from exporters.problems import Problem

_EVERY = Names.but([])


def check_duplicate(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield a rule that can make the same as one before it."""
    own = _result(rule, rules)
    for other in rules.alike(rule):
        if other is rule:
            return
        others = _result(other, rules)
        if own is None or others is None or disagreement(own, others, _EVERY) is not None:
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


def _result(rule: Rule, rules: Rules) -> LabelSet | None:
    found = None if rule.parsed.tree is None else rules.labels_of(rule.parsed.tree)
    # A label that is a template may be anything.
    plain = {name: value for name, value in rule.labels.items() if "{{" not in value}
    return None if found is None else with_rule_labels(found, plain)
