"""What an expression is, where each selector finds one series of a known value."""

import math

import promql_parser
import pytest

from slo.examples.arithmetic import UnknownValueError, value_of


def value(expr):
    """Return the value of an expression in which ``a`` is 6, ``b`` 2 and ``none`` nothing."""
    values = {"a": 6.0, "b": 2.0, "none": math.nan}
    return value_of(promql_parser.parse(expr), lambda selector: values[selector.name])


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("a - b * 2", 2),
        ("-(a / b) ^ 2", -9),
        ("sum by (x) (rate(a[5m]))", 6),
        ("increase(b[1m])", 120),
        ("avg_over_time(a[5m:1m])", 6),
        ("count(a) + group(b)", 2),
        ("clamp_max(a, 4) + clamp_min(b, 3)", 7),
        ("a > b", 6),
        ("a > bool b", 1),
        ("(a < b) or b", 2),
        ("none or 0 * a", 0),
        ("a and b", 6),
        ("quantile_over_time(0.9, a[5m])", 6),
    ],
)
def test_arithmetic_and_functions_are_foreseen(expr, expected):
    """Comparisons leave their left side, or nothing, unless they say bool."""
    assert expected == value(expr)


@pytest.mark.parametrize("expr", ["a < b", "a and none", "a / 0", "(-a) ^ 0.5"])
def test_some_are_nothing(expr):
    """No number, and no error."""
    assert math.isnan(value(expr))


@pytest.mark.parametrize("expr", ["stddev(a)", "a unless b", "deriv(a[5m])", "a % b"])
def test_what_is_not_foreseen_is_said(expr):
    """Rather than guessed."""
    with pytest.raises(UnknownValueError, match="is not foreseen"):
        value(expr)
