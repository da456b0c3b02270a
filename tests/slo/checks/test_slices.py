"""Slices of few windows of rates are told."""

from dataclasses import replace
from decimal import Decimal

import pytest

from slo.checks.slices import check_slices
from slo.objective import Slices, Threshold


@pytest.mark.parametrize(("seconds", "times"), [(60, "2"), (120, "1.5"), (180, "1.33")])
def test_bad_time_that_counts_in_the_next_slice_too_is_told_with_how_often(
    objective, seconds, times
):
    """A minute of a rate lies half before and half in a slice that begins in it."""
    [found] = check_slices(replace(objective, slices=Slices(seconds, Decimal("0.95"))))

    assert "slice-smeared" == found.check
    assert (
        f"slices of {seconds // 60}m are judged by rates over 1m at least, so that bad time is "
        f"seen in the slice after it too and counts up to {times} times"
    ) == found.message
    assert "take slices of 4m or more" == found.fix


def test_long_slices_and_values_of_a_moment_are_well(objective):
    """A gauge knows no time before."""
    short = replace(objective, slices=Slices(60, Decimal("0.95")))
    gauge = replace(short, indicator=Threshold("queue_depth", "<=", Decimal(10)))

    assert [] == list(check_slices(gauge))
    assert [] == list(check_slices(replace(short, slices=Slices(240, None))))
    assert [] == list(check_slices(objective))
