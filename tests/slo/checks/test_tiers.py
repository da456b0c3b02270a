"""Tiers that can never fire, or look back too far, are told before anybody relies on them."""

from dataclasses import replace
from decimal import Decimal

from slo.checks import check_objectives

DAY = 86400


def test_an_objective_that_its_tiers_can_hold_has_no_problems(objective):
    """99 % over 28 days."""
    assert [] == check_objectives([replace(objective, period_seconds=28 * DAY)])


def test_a_lax_target_leaves_the_fastest_tier_without_effect(objective):
    """13.44 x 8 % is more than an outage."""
    lax = replace(
        objective, target=Decimal("0.92"), period_seconds=28 * DAY, file="mine.yaml", line=7
    )

    expected = [
        "mine.yaml:7: good: the page tier of 1h can never fire: it needs an error ratio above "
        "1.0752, and an outage is 1; choose a target above 0.9256, or a shorter period"
    ]
    assert expected == [str(each) for each in check_objectives([lax])]


def test_a_window_longer_than_the_period_is_told(objective):
    """Three days of a budget that lasts one."""
    expected = ["the ticket tier of 3d looks back longer than the period of 1d"]
    assert expected == [each.message for each in check_objectives([objective])]
