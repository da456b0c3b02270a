"""Factors, times and budgets are exact."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.durations import format_duration, parse_duration
from slo.burn import (
    Tier,
    budget_remaining,
    burn_factor,
    can_fire,
    error_ratio_needed,
    format_decimal,
    theory_seconds,
)
from slo.windows import read_tiers

DAY = 86400
FASTEST = Tier("page", 3600, 300, Decimal("0.02"))
SLOWEST = read_tiers()[-1]

targets = st.decimals(min_value="0.5", max_value="0.99999", places=5)
ratios = st.decimals(min_value="0.00001", max_value="1", places=5)
tiers = st.sampled_from(read_tiers())
periods = st.integers(min_value=1, max_value=400).map(lambda days: days * DAY)


def test_a_factor_that_somebody_chose_is_taken_as_it_is():
    """Whatever the period, also below 1."""
    chosen = Tier("ticket", 3600, 300, Decimal("0.02"), factor=Decimal("0.5"))

    assert [Decimal("0.5")] * 2 == [burn_factor(chosen, days * DAY) for days in (7, 28)]


@pytest.mark.parametrize(
    ("days", "factors"),
    [
        (28, ["13.44", "5.6", "2.8", "1"]),
        (30, ["14.4", "6", "3", "1"]),
        (7, ["3.36", "1.4", "1", "1"]),
        (91, ["43.68", "18.2", "9.1", "1"]),
    ],
)
def test_factors_follow_from_the_period(days, factors):
    """As in facts/slo.md, but that none is below 1: a burn above 1 exhausts the budget."""
    assert factors == [format_decimal(burn_factor(tier, days * DAY)) for tier in read_tiers()]


@pytest.mark.parametrize(
    ("ratio", "seconds"), [("1", "48.384"), ("0.5", "96.768"), ("0.25", "193.536")]
)
def test_theory_is_the_long_windows_share(ratio, seconds):
    """48, 97 and 194 s at 99.9 %, as measured against in facts/slo.md."""
    found = theory_seconds(FASTEST, Decimal(ratio), Decimal("0.999"), 28 * DAY)

    assert Decimal(seconds) == found


def test_a_ratio_within_what_the_tier_allows_never_fires():
    """Exactly the factor is not above it."""
    needed = error_ratio_needed(FASTEST, Decimal("0.999"), 28 * DAY)

    assert Decimal("0.01344") == needed
    assert theory_seconds(FASTEST, needed, Decimal("0.999"), 28 * DAY) is None


@pytest.mark.parametrize(("target", "can"), [("0.92", False), ("0.9255", False), ("0.9256", True)])
def test_a_lax_target_leaves_a_tier_that_can_never_fire(target, can):
    """13.44 x (1 - target) is then more than an outage."""
    assert can is can_fire(FASTEST, Decimal(target), 28 * DAY)


@given(tier=tiers, target=targets, period=periods, ratio=ratios)
def test_theory_is_within_the_long_window_or_never(tier, target, period, ratio):
    """It is never for exactly those ratios that do not reach the factor."""
    found = theory_seconds(tier, ratio, target, period)

    if ratio > error_ratio_needed(tier, target, period):
        assert found is not None
        assert 0 < found <= tier.long_seconds
    else:
        assert found is None


@given(target=targets, period=periods, ratio=ratios)
def test_no_burn_above_1_escapes_the_slowest_tier(target, period, ratio):
    """Whatever the period: a burn that exhausts the budget is told, be it late."""
    if ratio > 1 - target:
        assert ratio > error_ratio_needed(SLOWEST, target, period)


@given(bad=st.integers(0, 10**9), good=st.integers(0, 10**9), target=targets)
def test_spending_exactly_the_budget_leaves_0(bad, good, target):
    """And one event more leaves less than 0."""
    total = Decimal(bad + good)
    left = budget_remaining(Decimal(bad), total, target)

    if not total:
        assert left is None
    else:
        allowed = (1 - target) * total
        assert (left >= 0) is (bad <= allowed)
        assert abs((1 - left) * allowed - bad) <= Decimal("1e-5")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.001", "0.001"),
        ("0.0010", "0.001"),
        ("1E-7", "0.0000001"),
        ("2E+3", "2000"),
        ("13.440", "13.44"),
    ],
)
def test_decimals_are_written_as_plain_digits(number, text):
    """1 - 0.999 is 0.001, not 0.0009999999999999432."""
    assert text == format_decimal(Decimal(number))
    assert format_decimal(1 - Decimal("0.999")) == "0.001"


@given(st.integers(min_value=1, max_value=10**12))
def test_a_duration_is_read_as_it_was_written(milliseconds):
    """Exact to the millisecond, for the ranges of the rules are whole hours less one."""
    seconds = milliseconds / 1000

    assert milliseconds == round(parse_duration(format_duration(seconds)) * 1000)
