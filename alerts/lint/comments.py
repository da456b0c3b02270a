"""Where comments about checks stand in rule files: in the rule, or above it."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.ignoring import Ignored, comments_in
from slo.rule_reading.rules import Rule


def comments_of(rule: Rule) -> Iterator[Ignored]:
    """Yield the comments that suppress a check for a rule."""
    lines = rule.group.source.lines
    first, last = rule.lines
    _, column = rule.position(())
    # A comment that is indented as the rule's fields are belongs to it, any other to the next one.
    while first > 1 and _is_comment(lines[first - 2]) and _indent(lines[first - 2]) < column - 1:
        first -= 1
    while last > rule.lines[0] and _ends_before(lines[last - 1], column):
        last -= 1
    for number in range(first, last + 1):
        for offset, check, reason in comments_in(lines[number - 1], "#"):
            yield Ignored(check, reason, number, offset + 1)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _ends_before(line: str, column: int) -> bool:
    return not line.strip() or (_is_comment(line) and _indent(line) < column - 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
