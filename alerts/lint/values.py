"""Which values an expression can have, and what keeps it from ever having any.

Intervals, as far as they are sure: of names whose range is known, of shares of a whole, of what
rules record. NaN is left out: no comparison but ``!=`` lets it pass, and that one is not judged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import promql_parser

from alerts.lint.contradictions import compares_with_itself, contradiction
from alerts.lint.families import find_series, value_range
from alerts.lint.label_sets import ANYTHING
from alerts.lint.labels import alternatives, name_of, narrowed
from alerts.lint.ranges import (
    ANY,
    COMPARED,
    IMPOSSIBLE,
    YES,
    YES_OR_NO,
    Range,
    calculated,
    filtered,
    of_aggregation,
    of_function,
    of_number,
)
from alerts.lint.recorded import Recording, with_rule_labels
from alerts.lint.shares import is_share, mean_of
from alerts.lint.standing import is_always_there
from slo import conventions
from slo.promql_text import write_promql
from slo.sloth.cells import is_number, vector_value


@dataclass(frozen=True)
class Reason:
    """Why a part of an expression never has a result."""

    said: str
    part: promql_parser.Expr


class ValueFlow:
    """Values of expressions, given the rules that record."""

    def __init__(self, recordings: Sequence[Recording]) -> None:
        """Make one of all rules that record."""
        self._by_name: dict[str, list[Recording]] = defaultdict(list)
        for each in recordings:
            self._by_name[each.name].append(each)
        self._open: set[int] = set()
        self._known: dict[int, Range | None] = {}
        self._by_type: Mapping[type, Callable[[Any, list[Reason]], Range | None]] = {
            promql_parser.NumberLiteral: lambda tree, _: of_number(tree.val),
            promql_parser.VectorSelector: self._selected,
            promql_parser.MatrixSelector: lambda tree, why: self._selected(
                tree.vector_selector, why
            ),
            promql_parser.ParenExpr: lambda tree, why: self.of(tree.expr, why),
            promql_parser.SubqueryExpr: lambda tree, why: self.of(tree.expr, why),
            promql_parser.UnaryExpr: self._negated,
            promql_parser.AggregateExpr: self._aggregated,
            promql_parser.BinaryExpr: self._joined,
            promql_parser.Call: self._called,
        }

    def of(self, tree: promql_parser.Expr, why: list[Reason] | None = None) -> Range | None:
        """Return what values an expression can have; None if it can have none.

        Args:
            tree: the expression.
            why: gets a sentence for each part that can have none.
        """
        values_of = self._by_type.get(type(tree))
        return ANY if values_of is None else values_of(tree, [] if why is None else why)

    def target_of(self, objective: str | None) -> float | None:
        """Return the target that rules record of an objective; None if they do not, or of none."""
        for each in self._by_name.get(conventions.OBJECTIVE, ()):
            if objective is not None and each.labels.get(conventions.SLO) == objective:
                return vector_value(each.tree)
        return None

    def _selected(self, selector: promql_parser.VectorSelector, why: list[Reason]) -> Range | None:
        if all(narrowed(ANYTHING, each) is None for each in alternatives(selector)):
            said = f"{write_promql(selector)} selects nothing: no series satisfies all its matchers"
            why.append(Reason(said, selector))
            return None
        name = name_of(selector)
        if name is None:
            return ANY
        if name == conventions.BURN_RATE:
            return self._burn_rate(selector)
        if name in self._by_name:
            return self._recorded(name, selector)
        known = find_series(name)
        low, high = value_range(name)
        return Range(low, high) if known is None else Range(known.lowest, known.highest)

    def _burn_rate(self, selector: promql_parser.VectorSelector) -> Range:
        named = [
            each.value
            for each in selector.matchers.matchers
            if each.name == conventions.SLO and each.op == promql_parser.MatchOp.Equal
        ]
        target = self.target_of(named[0] if named else None)
        # All events bad, and a part of a millionth for what floating point makes of it.
        highest = math.inf if target is None or target >= 1 else (1 + 1e-6) / (1 - target)
        return Range(0.0, highest)

    def _recorded(self, name: str, selector: promql_parser.VectorSelector) -> Range:
        low, high = value_range(name)
        found: Range | None = None
        for each in self._by_name[name]:
            if _can_select(selector, each):
                one = self._of_rule(each)
                found = one if found is None or one is None else found | one
                if one is None:
                    return Range(low, high)
        if found is None:
            return ANY
        return Range(max(low, found.low), min(high, found.high))

    def _of_rule(self, rule: Recording) -> Range | None:
        """Return what a rule records; anything where it reads itself, and None if nothing."""
        key = id(rule)
        if key in self._open:
            return ANY
        if key not in self._known:
            self._open.add(key)
            try:
                self._known[key] = self.of(rule.tree)
            finally:
                self._open.discard(key)
        return self._known[key]

    def _aggregated(self, tree: promql_parser.AggregateExpr, why: list[Reason]) -> Range | None:
        inside, operator = self.of(tree.expr, why), str(tree.op)
        if inside is None:
            return None
        return of_aggregation(operator, inside)

    def _negated(self, tree: promql_parser.UnaryExpr, why: list[Reason]) -> Range | None:
        inside = self.of(tree.expr, why)
        return None if inside is None else Range(-inside.high, -inside.low)

    def _called(self, tree: promql_parser.Call, why: list[Reason]) -> Range | None:
        name, arguments = tree.func.name, list(tree.args)
        if name in ("absent", "absent_over_time"):
            return _of_absent(tree, why)
        numeric = [each for each in arguments if not isinstance(each, promql_parser.StringLiteral)]
        inside = self.of(numeric[0], why) if numeric else ANY
        if inside is None and name != "scalar":
            return None
        return of_function(name, inside or ANY, arguments[1:])

    def _joined(self, tree: promql_parser.BinaryExpr, why: list[Reason]) -> Range | None:
        inner: list[Reason] = []
        left, right = self.of(tree.lhs, inner), self.of(tree.rhs, inner)
        found = _of_sides(tree, left, right, inner)
        if found is not None and str(tree.op) == "/":
            elements = mean_of(tree.lhs, tree.rhs)
            found = found if elements is None else self.of(elements) or found
        if found is not None and (said := contradiction(tree)) is not None:
            why.append(Reason(f"{write_promql(tree)} is never true: {said}", tree))
            return None
        if found is None:
            why += inner
        return found


def _can_select(selector: promql_parser.VectorSelector, rule: Recording) -> bool:
    fixed = with_rule_labels(ANYTHING, rule.labels)
    return any(narrowed(fixed, each) is not None for each in alternatives(selector))


def _of_absent(tree: promql_parser.Call, why: list[Reason]) -> Range | None:
    (argument,) = tree.args
    if not is_always_there(argument):
        return YES
    said = f"{write_promql(tree)} is empty: {write_promql(argument)} is always there"
    why.append(Reason(said, tree))
    return None


def _of_sides(
    tree: promql_parser.BinaryExpr, left: Range | None, right: Range | None, why: list[Reason]
) -> Range | None:
    """Return the values of two sides; None, with why, where there are none."""
    operator = str(tree.op)
    if operator == "or" and left is not None and right is not None:
        return left | right
    if operator == "or":
        return left or right
    if left is None or operator in ("unless", "and"):
        return None if operator == "and" and right is None else left
    if right is None:
        return None
    if operator in COMPARED:
        return _compared(tree, left, right, why)
    is_whole = operator == "/" and is_share(tree.lhs, tree.rhs)
    return YES_OR_NO if is_whole else calculated(operator, left, right)


def _compared(
    tree: promql_parser.BinaryExpr, left: Range, right: Range, why: list[Reason]
) -> Range | None:
    operator = str(tree.op)
    if tree.modifier is not None and tree.modifier.return_bool:
        return YES_OR_NO
    if compares_with_itself(tree):
        said = f"{write_promql(tree)} is never true: its sides are the same"
        why.append(Reason(said, tree))
        return None
    if IMPOSSIBLE[operator](left, right):
        sides = (_said(tree.lhs, left), _said(tree.rhs, right))
        said = f"{write_promql(tree)} is never true: {' and '.join(filter(None, sides))}"
        why.append(Reason(said, tree))
        return None
    # Of a number and a vector, the vector's values are kept.
    is_left = not is_number(tree.lhs)
    kept, other = (left, right) if is_left else (right, left)
    return filtered(operator, kept, other, is_left=is_left)


def _said(tree: promql_parser.Expr, values: Range) -> str:
    text = write_promql(tree)
    if values.low == values.high:
        is_number = isinstance(tree, promql_parser.NumberLiteral)
        return "" if is_number else f"{text} is {values.low:g}"
    if math.isinf(values.low):
        return f"{text} is at most {values.high:g}"
    if math.isinf(values.high):
        return f"{text} is at least {values.low:g}"
    return f"{text} is from {values.low:g} to {values.high:g}"
