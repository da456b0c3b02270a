"""What is wrong with rules, ours or anyone's: alerts that reach nobody, never fire, or lie.

A module for each check, none of which prints. ``README.md`` has the table of all.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.lint.checks import ALL
from alerts.lint.comments import comments_of
from alerts.lint.ignoring import without_ignored
from alerts.lint.rules import Rules, Setting
from alerts.lint.table import TABLE
from exporters.problems import Problem
from slo.rule_reading.files import read_rule_files
from slo.rule_reading.rules import Rule

__all__ = [
    "TABLE",
    "Rule",
    "Setting",
    "lint",
    "read_rule_files",
]


def lint(rules: Sequence[Rule], setting: Setting | None = None) -> list[Problem]:
    """Return what is wrong or doubtful with rules, sorted.

    Each problem has the id of its check; its table says how grave it is.

    Args:
        rules: that could be read; what they read of each other is only known if all are given.
        setting: what they are held against.
    """
    together = Rules(rules, setting or Setting())
    found: dict[Problem, None] = {}
    for rule in rules:
        problems = [problem for check in ALL for problem in check(rule, together)]
        ignored = list(comments_of(rule))
        whole = Problem(rule.file, 0, 0, rule.name, "")
        found.update(dict.fromkeys(without_ignored(ignored, problems, TABLE, whole)))
    return sorted(found)
