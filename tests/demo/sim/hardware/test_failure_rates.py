"""Measured rates of failures against the published ones."""

from demo.sim.hardware.failure_rates import FailureRate, measure_failures
from demo.sim.hardware.testing import numbered_fleet


def test_a_long_run_fails_as_often_as_published():
    """100,000 GPUs for 50 weeks: every cause, to 15 %."""
    fleet = numbered_fleet(12_500, hosts=1, gpus=8)
    rates = measure_failures(fleet, 1, hours=50 * 7 * 24)
    assert max(each.deviation for each in rates) <= 0.15


def test_a_run_that_is_too_short_shows_it():
    """The figure is measured: with few failures it is far off."""
    fleet = numbered_fleet(8)
    rates = measure_failures(fleet, 1, hours=10)
    assert len(rates) == 10
    assert max(each.deviation for each in rates) == 1


def test_a_deviation_is_relative():
    """Twice as often is as far off as never."""
    assert FailureRate("hbm", published=2e-6, measured=3e-6).deviation == 0.5
    assert FailureRate("hbm", published=2e-6, measured=1e-6).deviation == 0.5
