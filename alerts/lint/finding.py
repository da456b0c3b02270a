"""How a check says what it found about a rule."""

from __future__ import annotations

from dataclasses import dataclass

from exporters.documents import Place
from exporters.problems import Problem
from slo.rule_reading.expressions import offset_of
from slo.rule_reading.rules import EXPR, Rule


@dataclass(frozen=True)
class At:
    """Where in a rule a problem is."""

    field: Place = EXPR
    """Below the rule: ``("labels", "severity")``."""
    word: str = ""
    """In the field's value; the field itself, if empty."""
    offset: int = 0
    """Of the word in the value, in characters."""


def in_expr(rule: Rule, word: str | None) -> At:
    """Return where a word stands in a rule's expression at first; the expression if it does not."""
    offset = offset_of(rule.expr, word) if word else None
    return At() if offset is None or word is None else At(EXPR, word, offset)


def finding(rule: Rule, check: str, message: str, fix: str, at: At) -> Problem:
    """Return a problem of a rule.

    Args:
        rule: of which it is.
        check: an id in :data:`alerts.lint.table.CHECKS`.
        message: what was found and what was expected, in one sentence without a full stop.
        fix: what to do about it, likewise.
        at: its place.
    """
    line, column = rule.position(at.field, at.word, at.offset)
    return Problem(rule.file, line, column, rule.name, message, fix, check)
