"""Comments that suppress a check for one rule: ``# shardwatch:ignore labels/value they are few``.

The comment stands in the rule, or above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.lint.table import CHECKS
from exporters.problems import Problem
from slo.rule_reading.rules import Rule

_COMMENT = re.compile(r"#\s*shardwatch:ignore\b[ \t]*(?P<check>\S*)[ \t]*(?P<reason>.*)")


@dataclass(frozen=True)
class Ignored:
    """A comment that suppresses a check for the rule that begins at a line."""

    check: str
    reason: str
    line: int
    column: int


def without_ignored(rule: Rule, problems: Sequence[Problem]) -> Iterator[Problem]:
    """Yield the problems of a rule that no comment suppresses, and what is wrong with comments."""
    ignored = list(_comments(rule))
    used: set[Ignored] = set()
    for each in problems:
        found = [one for one in ignored if one.check == each.check and one.reason]
        used.update(found)
        if not found:
            yield each
    for one in ignored:
        wrong = _wrong_with(one)
        if wrong is None and one not in used:
            wrong = f"ignores {one.check}, which finds nothing here", "remove the comment"
        if wrong is not None:
            yield Problem(rule.file, one.line, one.column, rule.name, *wrong, "rules/ignore")


def _wrong_with(comment: Ignored) -> tuple[str, str] | None:
    if comment.check not in CHECKS:
        return f"ignores {comment.check!r}, which is no check", "see alerts/lint/README.md"
    if not comment.reason:
        return f"ignores {comment.check} without a reason", "say why after its name"
    return None


def _comments(rule: Rule) -> Iterator[Ignored]:
    lines = rule.group.source.lines
    first, last = rule.lines
    _, column = rule.position(())
    # A comment that is indented as the rule's fields are belongs to it, any other to the next one.
    while first > 1 and _is_comment(lines[first - 2]) and _indent(lines[first - 2]) < column - 1:
        first -= 1
    while last > rule.lines[0] and _ends_before(lines[last - 1], column):
        last -= 1
    for number in range(first, last + 1):
        found = _COMMENT.search(lines[number - 1])
        if found is not None:
            yield Ignored(found["check"], found["reason"].strip(), number, found.start() + 1)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _ends_before(line: str, column: int) -> bool:
    return not line.strip() or (_is_comment(line) and _indent(line) < column - 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
