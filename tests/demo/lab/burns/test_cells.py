"""The truth of a burn table's cells."""

from decimal import Decimal

import numpy as np
import pytest

from demo.lab.burns.cells import FAST, SLOW, Cell
from demo.lab.burns.playing import OBJECTIVES
from slo.burn import theory_seconds

PLAIN, OFTEN = OBJECTIVES
CONSTANT = [each for each in (*FAST, *SLOW) if each.constant_ratio is not None]


def named(name: str) -> Cell:
    """Return a cell of the table."""
    return next(each for each in (*FAST, *SLOW) if each.name == name)


@pytest.mark.parametrize("cell", CONSTANT, ids=lambda each: each.name)
def test_a_constant_ratio_burns_from_the_moment_on_that_the_formula_gives(cell):
    """To the second, in every tier that it reaches before all is well again."""
    for tier in PLAIN.tiers:
        theory = theory_seconds(
            tier, Decimal(str(cell.constant_ratio)), PLAIN.target, PLAIN.period_seconds
        )
        burns = np.flatnonzero(cell.burns(tier, PLAIN))
        if theory is None or theory >= cell.wrong_seconds:
            assert not burns.size
        else:
            assert float(theory) == pytest.approx(burns[0], abs=1.001)


def test_one_error_of_a_quiet_night_burns_only_where_one_is_enough():
    """A sixth of the hour's requests is bad, and that is one request."""
    cell = named("a quiet night, 6 requests an hour, one error")
    hour = PLAIN.tiers[0]

    assert cell.burns(hour, PLAIN).any()
    assert not cell.burns(hour, OFTEN).any()


def test_a_short_blip_of_few_errors_burns_in_no_tier_of_pages():
    """Five minutes of 10 % are less than a percent of an hour."""
    cell = named("five minutes of 10 %")

    assert not any(cell.burns(tier, PLAIN).any() for tier in PLAIN.tiers)


def test_counters_hold_whole_requests_and_never_fall():
    """As they would be scraped, on both sides of the onset."""
    for each in named("10 %").scraped(1000.0, 15):
        assert (np.diff(each.values) >= 0).all()
        assert (each.values == np.floor(each.values)).all()


def test_every_request_is_scraped():
    """What the counters count is what the truth has."""
    cell = named("traffic 50:1, 10 % by night")
    ok, errors = cell.scraped(0.0, 15)
    last = ok.times_ms[-1:] / 1000
    first = np.array([-7200.0])

    bad, total = (after - before for after, before in
                  zip(cell.events(last), cell.events(first), strict=True))  # fmt: skip
    assert errors.values[-1] == pytest.approx(bad[0], abs=1)
    assert ok.values[-1] + errors.values[-1] == pytest.approx(total[0], abs=1)
