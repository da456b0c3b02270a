"""Which values an expression can have, and what keeps it from ever having any.

Intervals, as far as they are sure: of names whose range is known, of shares of a whole, of what
rules record. NaN is left out: no comparison but ``!=`` lets it pass, and that one is not judged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import promql_parser

from alerts.lint.families import find_series, value_range
from alerts.lint.labels import LabelFlow, alternatives, name_of, narrowed
from alerts.lint.label_sets import ANYTHING
from alerts.lint.recorded import Recording, with_rule_labels
from alerts.lint.shares import is_share
from slo import conventions
from slo.promql_text import write_promql
from slo.sloth.cells import is_number, vector_value

INFINITE = math.inf


@dataclass(frozen=True)
class Range:
    """Values from a lowest to a highest one, both included."""

    low: float = -INFINITE
    high: float = INFINITE

    def __or__(self, other: Range) -> Range:
        return Range(min(self.low, other.low), max(self.high, other.high))


ANY = Range()
NOT_NEGATIVE = Range(0.0)
YES = Range(1.0, 1.0)
YES_OR_NO = Range(0.0, 1.0)

_COUNTING = ("rate", "increase", "irate", "resets", "changes")
_SAME = frozenset(
    {"avg_over_time", "min_over_time", "max_over_time", "last_over_time", "first_over_time",
     "label_join", "label_replace", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc",
     "vector", "scalar"}
)  # fmt: skip
_FIXED: Mapping[str, Range] = {
    "hour": Range(0, 23),
    "minute": Range(0, 59),
    "day_of_week": Range(0, 6),
    "day_of_month": Range(1, 31),
    "day_of_year": Range(1, 366),
    "days_in_month": Range(28, 31),
    "month": Range(1, 12),
    "timestamp": NOT_NEGATIVE,
    "time": NOT_NEGATIVE,
    "present_over_time": YES,
    "count_over_time": Range(1.0),
    "stddev_over_time": NOT_NEGATIVE,
    "stdvar_over_time": NOT_NEGATIVE,
    "abs": NOT_NEGATIVE,
    "sqrt": NOT_NEGATIVE,
    "exp": NOT_NEGATIVE,
    "sgn": Range(-1.0, 1.0),
}
_OF_AGGREGATIONS: Mapping[str, Range] = {
    "group": YES,
    "count": Range(1.0),
    "count_values": Range(1.0),
    "stddev": NOT_NEGATIVE,
    "stdvar": NOT_NEGATIVE,
}


class ValueFlow:
    """Values of expressions, given the rules that record."""

    def __init__(self, recordings: Sequence[Recording]) -> None:
        """Make one of all rules that record."""
        self._by_name: dict[str, list[Recording]] = defaultdict(list)
        for each in recordings:
            self._by_name[each.name].append(each)
        self._open: set[int] = set()
        self._known: dict[int, Range | None] = {}

    def of(self, tree: promql_parser.Expr, why: list[str] | None = None) -> Range | None:
        """Return what values an expression can have; None if it can have none.

        Args:
            tree: the expression.
            why: gets a sentence for each part that can have none.
        """
        reasons = [] if why is None else why
        match tree:
            case promql_parser.NumberLiteral():
                return Range(tree.val, tree.val) if math.isfinite(tree.val) else ANY
            case promql_parser.VectorSelector():
                return self._selected(tree, reasons)
            case promql_parser.MatrixSelector():
                return self._selected(tree.vector_selector, reasons)
            case promql_parser.ParenExpr() | promql_parser.SubqueryExpr():
                return self.of(tree.expr, reasons)
            case promql_parser.UnaryExpr():
                inside = self.of(tree.expr, reasons)
                return None if inside is None else Range(-inside.high, -inside.low)
            case promql_parser.AggregateExpr():
                return self._aggregated(tree, reasons)
            case promql_parser.BinaryExpr():
                return self._joined(tree, reasons)
            case promql_parser.Call():
                return self._called(tree, reasons)
        return ANY

    def target_of(self, objective: str | None) -> float | None:
        """Return the target that rules record of an objective; None if they do not, or of none."""
        for each in self._by_name.get(conventions.OBJECTIVE, ()):
            if objective is not None and each.labels.get(conventions.SLO) == objective:
                return vector_value(each.tree)
        return None

    def _selected(self, selector: promql_parser.VectorSelector, why: list[str]) -> Range | None:
        if all(narrowed(ANYTHING, each) is None for each in alternatives(selector)):
            why.append(
                f"{write_promql(selector)} selects nothing: no series satisfies all its matchers"
            )
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
        highest = INFINITE if target is None or target >= 1 else (1 + 1e-6) / (1 - target)
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

    def _aggregated(self, tree: promql_parser.AggregateExpr, why: list[str]) -> Range | None:
        inside, operator = self.of(tree.expr, why), str(tree.op)
        if inside is None:
            return None
        if operator == "sum":
            return _summed(inside)
        if operator == "quantile":
            return ANY
        return _OF_AGGREGATIONS.get(operator, inside)

    def _called(self, tree: promql_parser.Call, why: list[str]) -> Range | None:
        name, arguments = tree.func.name, list(tree.args)
        if name in ("absent", "absent_over_time"):
            if is_always_there(arguments[0]):
                why.append(f"{write_promql(tree)} is empty: {write_promql(arguments[0])} is always there")
                return None
            return YES
        vectors = [each for each in arguments if not isinstance(each, promql_parser.StringLiteral)]
        inside = self.of(vectors[0], why) if vectors else ANY
        if inside is None and name != "scalar":
            return None
        inside = inside or ANY
        if name in _COUNTING:
            return NOT_NEGATIVE
        if name == "sum_over_time":
            return _summed(inside)
        if name in _FIXED:
            return _FIXED[name]
        if name in ("ceil", "floor"):
            rounded = math.ceil if name == "ceil" else math.floor
            return Range(*(x if math.isinf(x) else rounded(x) for x in (inside.low, inside.high)))
        if name.startswith("clamp"):
            return _clamped(name, inside, arguments[1:])
        return inside if name in _SAME else ANY

    def _joined(self, tree: promql_parser.BinaryExpr, why: list[str]) -> Range | None:
        operator = str(tree.op)
        inner: list[str] = []
        left, right = self.of(tree.lhs, inner), self.of(tree.rhs, inner)
        if operator == "or":
            if left is None and right is None:
                why += inner
            return right if left is None else left if right is None else left | right
        if operator == "unless":
            why += inner if left is None else []
            return left
        if left is None or right is None:
            why += inner
            return None
        if operator == "and":
            return left
        if operator in _COMPARED:
            return _compared(tree, left, right, why)
        if operator == "/" and is_share(tree.lhs, tree.rhs):
            return YES_OR_NO
        return _calculated(operator, left, right)


def is_always_there(tree: promql_parser.Expr) -> bool:
    """Tell whether an expression has an element at any time, whatever is scraped."""
    match tree:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return is_always_there(tree.expr)
        case promql_parser.AggregateExpr():
            return str(tree.op) in ("sum", "avg", "min", "max", "group", "count") and (
                is_always_there(tree.expr)
            )
        case promql_parser.BinaryExpr():
            operator = str(tree.op)
            if operator == "or":
                return is_always_there(tree.lhs) or is_always_there(tree.rhs)
            if operator in (*_COMPARED, "and", "unless"):
                return False
            if is_number(tree.rhs):
                return is_always_there(tree.lhs)
            return is_number(tree.lhs) and is_always_there(tree.rhs)
        case promql_parser.Call():
            return tree.func.name == "vector" or (
                tree.func.name in _FIXED and not tree.args and not is_number(tree)
            )
    return False


def _can_select(selector: promql_parser.VectorSelector, rule: Recording) -> bool:
    fixed = with_rule_labels(ANYTHING, rule.labels)
    return any(narrowed(fixed, each) is not None for each in alternatives(selector))


def _summed(inside: Range) -> Range:
    """Of one element or more."""
    return Range(
        inside.low if inside.low >= 0 else -INFINITE, inside.high if inside.high <= 0 else INFINITE
    )


def _clamped(name: str, inside: Range, bounds: Sequence[promql_parser.Expr]) -> Range:
    if not all(isinstance(each, promql_parser.NumberLiteral) for each in bounds):
        return ANY
    numbers = [each.val for each in bounds]
    low = numbers[0] if name != "clamp_max" else -INFINITE
    high = numbers[-1] if name != "clamp_min" else INFINITE
    return Range(*(min(max(each, low), high) for each in (inside.low, inside.high)))


_IMPOSSIBLE: Mapping[str, Callable[[Range, Range], bool]] = {
    ">": lambda left, right: left.high <= right.low,
    ">=": lambda left, right: left.high < right.low,
    "<": lambda left, right: left.low >= right.high,
    "<=": lambda left, right: left.low > right.high,
    "==": lambda left, right: left.high < right.low or left.low > right.high,
    "!=": lambda _, __: False,
}
_COMPARED = tuple(_IMPOSSIBLE)


def _compared(
    tree: promql_parser.BinaryExpr, left: Range, right: Range, why: list[str]
) -> Range | None:
    if tree.modifier is not None and tree.modifier.return_bool:
        return YES_OR_NO
    operator = str(tree.op)
    if _IMPOSSIBLE[operator](left, right):
        why.append(
            f"{write_promql(tree)} is never true: {_said(tree.lhs, left)}, {_said(tree.rhs, right)}"
        )
        return None
    kept, other, is_left = (right, left, False) if is_number(tree.lhs) else (left, right, True)
    if operator == "==":
        return Range(max(kept.low, other.low), min(kept.high, other.high))
    if operator == "!=":
        return kept
    if (operator in (">", ">=")) == is_left:
        return Range(max(kept.low, other.low), kept.high)
    return Range(kept.low, min(kept.high, other.high))


def _said(tree: promql_parser.Expr, values: Range) -> str:
    text = write_promql(tree)
    if values.low == values.high:
        return f"{text} is {values.low:g}" if text != f"{values.low:g}" else text
    if math.isinf(values.low):
        return f"{text} is at most {values.high:g}"
    if math.isinf(values.high):
        return f"{text} is at least {values.low:g}"
    return f"{text} is from {values.low:g} to {values.high:g}"


def _calculated(operator: str, left: Range, right: Range) -> Range:
    if operator == "+":
        return Range(left.low + right.low, left.high + right.high)
    if operator == "-":
        return Range(left.low - right.high, left.high - right.low)
    if operator == "*":
        products = [_product(x, y) for x in (left.low, left.high) for y in (right.low, right.high)]
        return Range(min(products), max(products))
    if operator == "/" and right.low == right.high and right.low != 0:
        ends = sorted((left.low / right.low, left.high / right.low))
        return Range(*ends)
    if operator == "/" and left.low >= 0 and right.low >= 0:
        return NOT_NEGATIVE
    return ANY


def _product(x: float, y: float) -> float:
    return 0.0 if 0 in (x, y) else x * y
