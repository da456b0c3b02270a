"""How a check says what it found about a rule, or about anything that has an expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from exporters.documents import Place
from exporters.problems import Problem
from slo.rule_reading.expressions import Parsed, offset_of
from slo.rule_reading.rules import EXPR
from slo.rule_reading.source import Position


class Asking(Protocol):
    """What asks for series: a rule, or a query of a panel."""

    @property
    def file(self) -> str:
        """The file's path, as given."""

    @property
    def name(self) -> str:
        """What users know it by."""

    @property
    def expr(self) -> str:
        """The expression, as it is parsed."""

    @property
    def parsed(self) -> Parsed:
        """The expression's tree, or why there is none."""

    def position(self, field: Place, word: str = "", offset: int = 0) -> Position:
        """Return line and column of a field, or of a word in it that stands at an offset."""


@dataclass(frozen=True)
class At:
    """Where in a rule a problem is."""

    field: Place = EXPR
    """Below the rule: ``("labels", "severity")``."""
    word: str = ""
    """In the field's value; the field itself, if empty."""
    offset: int = 0
    """Of the word in the value, in characters."""


def in_expr(asking: Asking, word: str | None) -> At:
    """Return where a word stands in an expression at first; the expression if it does not."""
    offset = offset_of(asking.expr, word) if word else None
    return At() if offset is None or word is None else At(EXPR, word, offset)


def finding(asking: Asking, check: str, message: str, fix: str, at: At) -> Problem:
    """Return a problem of a rule or a query.

    Args:
        asking: of which it is.
        check: an id of the lint's table.
        message: what was found and what was expected, in one sentence without a full stop.
        fix: what to do about it, likewise.
        at: its place.
    """
    line, column = asking.position(at.field, at.word, at.offset)
    return Problem(asking.file, line, column, asking.name, message, fix, check)
