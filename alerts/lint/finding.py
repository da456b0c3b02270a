"""How a check says what it found about a rule."""

from __future__ import annotations

from alerts.lint.rule_files import Rule
from exporters.documents import Place
from exporters.problems import Problem

EXPR: Place = ("expr",)


def finding(
    rule: Rule,
    check: str,
    message: str,
    fix: str,
    field: Place = EXPR,
    word: str = "",
    offset: int | None = None,
) -> Problem:
    """Return a problem of a rule.

    Args:
        rule: of which it is.
        check: an id in :data:`alerts.lint.table.CHECKS`.
        message: what was found and what was expected, in one sentence without a full stop.
        fix: what to do about it, likewise.
        field: below the rule, ``("labels", "severity")``.
        word: in the field's value, at which the problem stands; at the field, if empty.
        offset: of the word in the value; None for the first one.
    """
    line, column = rule.position(field, word, offset or 0)
    return Problem(rule.file, line, column, rule.name, message, fix, check)
