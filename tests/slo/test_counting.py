"""Sums of rates are events; what is taken of rates is none."""

import pytest

from slo.counting import other_than_events

R, S = "rate(a[$window])", "rate(b[$window])"


@pytest.mark.parametrize(
    "expression",
    [
        R,
        f"sum by (cell) ({R}) + sum by (cell) ({S})",
        f"({R} or 0 * {S}) - 3 * {S} / 1000",
        f"{R} or vector(0)",
        f"{R} * on (group) group_left (cell) group_info",
        f"{R} and on (cell) up == 1 unless on (cell) {S} > 5",
        f'label_replace({R}, "x", "$1", "y", "(.+)") > 0',
        "lost_gpus",
        "max(queue) / 7",
    ],
)
def test_a_sum_of_rates_is_a_number_of_events(expression):
    """With guards, labels and multiples; and what has no rates is its author's to know."""
    assert other_than_events(expression) is None


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (f"histogram_quantile(0.9, sum by (le) ({R}))", "the function histogram_quantile"),
        (f"max by (cell) ({R})", "the aggregation max"),
        (f"count({R})", "the aggregation count"),
        (f"sum(avg by (cell) ({R}))", "the aggregation avg"),
        (f"{R} / {S}", "the operator / of rates"),
        (f"{R} * {S}", "the operator * of rates"),
        (f"sum({R}) + clamp_min({S}, 1)", "the function clamp_min"),
        (f"{R} > bool 0", "the operator > of rates"),
        (f"{R} > 5", "the operator > of rates"),
        (f"{R} ^ 2", "the operator ^ of rates"),
        (f"{R} or vector(1)", "the function vector"),
    ],
)
def test_what_is_taken_of_rates_is_none(expression, found):
    """However deep it is."""
    assert found == other_than_events(expression)
