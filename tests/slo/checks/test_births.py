"""Where no event may be bad, the first one must be seen."""

from dataclasses import replace
from decimal import Decimal

import pytest

from slo.checks.births import check_births
from slo.objective import Ratio

TOTAL = "rate(x[$window])"


@pytest.mark.parametrize(
    "indicator",
    [
        Ratio(TOTAL, good='rate(x{o="ok"}[$window])'),
        Ratio(TOTAL, bad='sum by (cell) (rate(x{o="error"}[$window]))'),
        Ratio(f"{TOTAL} + rate(y[$window])", bad='rate(x{o="error"}[$window])'),
    ],
)
def test_a_first_event_that_could_not_be_seen_is_told(objective, indicator):
    """What it is asked of is named."""
    never = replace(objective, target=Decimal(1), indicator=indicator)
    [found] = check_births(never)

    assert "first-event-missed" == found.check
    assert found.message.endswith("that event is not seen in what is made of x")
    assert [] == list(check_births(replace(never, target=Decimal("0.99"))))


@pytest.mark.parametrize(
    "indicator",
    [
        Ratio(TOTAL, bad='rate(x{o="error"}[$window])'),
        Ratio("sum(rate(shardwatch_x_total[$window]))", bad="sum(rate(shardwatch_y[$window]))"),
    ],
)
def test_counters_and_series_that_are_there_from_0_on_are_well(objective, indicator):
    """The first sample of a counter is counted, and our exporters' are born at 0."""
    never = replace(objective, target=Decimal(1), indicator=indicator)

    assert [] == list(check_births(never))
