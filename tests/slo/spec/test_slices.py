"""Slices that cannot be judged at a scrape interval are refused where it is known."""

from dataclasses import replace
from decimal import Decimal

import pytest

from slo.objective import Slices
from slo.spec.slices import wrong_slices


@pytest.mark.parametrize(
    ("seconds", "interval"), [(60, 5), (60, 15), (120, 30), (300, 7.5), (3600, 60)]
)
def test_slices_of_whole_samples_are_taken(objective, seconds, interval):
    """From the window of rates on."""
    sliced = replace(objective, slices=Slices(seconds, Decimal("0.9")))

    assert [] == list(wrong_slices([objective, sliced], interval))


@pytest.mark.parametrize(
    ("seconds", "interval", "expected"),
    [
        pytest.param(
            60, 30,
            "mine.yaml:7: slices-unfit: good: found slices of 1m, expected 2m at least, the window "
            "of rates at a scrape interval of 30s; take longer slices, or scrape more often",
            id="shorter than the base"),
        pytest.param(
            100, 15,
            "mine.yaml:7: slices-unfit: good: found slices of 1m40s, expected a multiple of the "
            "scrape interval of 15s; change the length of the slices",
            id="no whole samples"),
    ],
)  # fmt: skip
def test_slices_that_hold_no_whole_samples_are_refused(objective, seconds, interval, expected):
    """Or fewer than a rate is taken over."""
    sliced = replace(objective, slices=Slices(seconds, None), file="mine.yaml", line=7)

    assert [expected] == [str(each) for each in wrong_slices([sliced], interval)]
