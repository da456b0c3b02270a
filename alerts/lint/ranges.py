"""Intervals of values: what operators, functions and aggregations make of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import promql_parser

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
    **dict.fromkeys(("rate", "increase", "irate", "resets", "changes"), NOT_NEGATIVE),
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


def of_number(number: float) -> Range:
    """Return the range of one number; infinities are left to others."""
    return Range(number, number) if math.isfinite(number) else ANY


def of_aggregation(operator: str, inside: Range) -> Range:
    """Return the values of an aggregation of one element or more."""
    if operator == "sum":
        return _summed(inside)
    return ANY if operator == "quantile" else _OF_AGGREGATIONS.get(operator, inside)


def of_function(name: str, inside: Range, others: Sequence[promql_parser.Expr]) -> Range:
    """Return the values of a function.

    Args:
        name: of the function.
        inside: the values of its first argument that is no text.
        others: its further arguments.
    """
    if name.startswith("clamp"):
        return _clamped(name, inside, others)
    if name == "sum_over_time":
        return _summed(inside)
    if name in ("ceil", "floor"):
        rounded = math.ceil if name == "ceil" else math.floor
        return Range(*(x if math.isinf(x) else rounded(x) for x in (inside.low, inside.high)))
    return inside if name in _SAME else _FIXED.get(name, ANY)


IMPOSSIBLE: Mapping[str, Callable[[Range, Range], bool]] = {
    ">": lambda left, right: left.high <= right.low,
    ">=": lambda left, right: left.high < right.low,
    "<": lambda left, right: left.low >= right.high,
    "<=": lambda left, right: left.low > right.high,
    "==": lambda left, right: left.high < right.low or left.low > right.high,
    "!=": lambda _, __: False,
}
"""Whether a comparison is true of no values of its sides; ``!=`` is true of NaN."""
COMPARED = tuple(IMPOSSIBLE)


def filtered(operator: str, kept: Range, other: Range, *, is_left: bool) -> Range:
    """Return the values that a comparison leaves.

    Args:
        operator: of it.
        kept: values of the side whose values are left.
        other: of the other side.
        is_left: whether the side that is kept is the left one.
    """
    if operator == "==":
        return Range(max(kept.low, other.low), min(kept.high, other.high))
    if operator == "!=":
        return kept
    if (operator in (">", ">=")) == is_left:
        return Range(max(kept.low, other.low), kept.high)
    return Range(kept.low, min(kept.high, other.high))


def calculated(operator: str, left: Range, right: Range) -> Range:
    """Return the values of arithmetic."""
    if operator == "+":
        return Range(left.low + right.low, left.high + right.high)
    if operator == "-":
        return Range(left.low - right.high, left.high - right.low)
    if operator == "*":
        return _multiplied(left, right)
    return _divided(left, right) if operator == "/" else ANY


def _multiplied(left: Range, right: Range) -> Range:
    products = [_product(x, y) for x in (left.low, left.high) for y in (right.low, right.high)]
    return Range(min(products), max(products))


def _divided(left: Range, right: Range) -> Range:
    if right.low == right.high and right.low != 0:
        ends = sorted((left.low / right.low, left.high / right.low))
        return Range(*ends)
    if left.low >= 0 and right.low >= 0:
        return NOT_NEGATIVE
    return ANY


def _product(x: float, y: float) -> float:
    return 0.0 if 0 in (x, y) else x * y


def _summed(inside: Range) -> Range:
    """Of one element or more."""
    return Range(
        inside.low if inside.low >= 0 else -INFINITE, inside.high if inside.high <= 0 else INFINITE
    )


def _clamped(name: str, inside: Range, bounds: Sequence[promql_parser.Expr]) -> Range:
    numbers = [each.val for each in bounds if isinstance(each, promql_parser.NumberLiteral)]
    if len(numbers) < len(bounds):
        return ANY
    low = numbers[0] if name != "clamp_max" else -INFINITE
    high = numbers[-1] if name != "clamp_min" else INFINITE
    return Range(*(min(max(each, low), high) for each in (inside.low, inside.high)))
