"""Which rules a test of promtool can tell anything of.

promtool evaluates every rule at every interval, though most tests look at one alert in three
hundred rules. What an alert does not read, directly or through what other rules record, changes
nothing of it, nor do annotations that are not compared, so that a test asks no more than its own
part: a sixth of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

_SELECTOR = re.compile(r"([A-Za-z_:][A-Za-z0-9_:]*)(?:\{([^}]*)\})?")
"""Also each word that is none: what no rule records is passed over."""
_MATCHER = re.compile(r'(\w+)\s*(=~?)\s*"([^"\\]*)"')
"""Others than ``=`` and ``=~`` rule nothing out, nor do those that a template fills in."""
_OF_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")

Rules = dict[str, dict[str, Any]]
"""What the files of rules hold, by path."""


@dataclass(frozen=True)
class Recorded:
    """One rule, and what it is found by."""

    names: tuple[str, ...]
    labels: dict[str, str]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, rule: dict[str, Any]) -> Recorded:
        """Return a rule of either kind."""
        labels = rule.get("labels", {})
        texts = (rule["expr"], *labels.values(), *rule.get("annotations", {}).values())
        if alert := rule.get("alert"):
            return cls(_OF_ALERTS, {**labels, "alertname": alert}, texts)
        return cls((rule["record"],), labels, texts)

    def may_match(self, label: str, operator: str, value: str) -> bool:
        """Whether a series of it can have this; one without the label gets it as it comes."""
        own = self.labels.get(label)
        if own is None or "{{" in own:
            return True
        return own == value if operator == "=" else re.fullmatch(value, own) is not None


def rules_for(test: dict[str, Any], rules: Rules) -> Rules:
    """Return the rules that a test's cases read; groups keep their names, order and interval."""
    compared = {case["alertname"] for case in test.get("alert_rule_test", ())}
    told = [
        rule
        if rule.get("alert") in compared
        else {key: value for key, value in rule.items() if key != "annotations"}
        for content in rules.values()
        for group in content["groups"]
        for rule in group["rules"]
    ]
    flat = [Recorded.of(rule) for rule in told]
    named: dict[str, list[int]] = {}
    for at, rule in enumerate(flat):
        for name in rule.names:
            named.setdefault(name, []).append(at)

    def read_by(text: str) -> Iterator[int]:
        assert "__name__" not in text, "a selector without a name is not followed"
        for name, matchers in _SELECTOR.findall(text):
            for at in named.get(name, ()):
                if all(flat[at].may_match(*each) for each in _MATCHER.findall(matchers)):
                    yield at

    todo = [at for at, rule in enumerate(flat) if rule.labels.get("alertname") in compared]
    for case in test.get("promql_expr_test", ()):
        todo.extend(read_by(case["expr"]))
    kept: set[int] = set()
    while todo:
        if (at := todo.pop()) not in kept:
            kept.add(at)
            todo.extend(each for text in flat[at].texts for each in read_by(text))

    numbered = enumerate(told)
    return {
        path: {
            "groups": [
                {
                    **group,
                    "rules": [
                        rule for at, rule in islice(numbered, len(group["rules"])) if at in kept
                    ],
                }
                for group in content["groups"]
            ]
        }
        for path, content in rules.items()
    }
