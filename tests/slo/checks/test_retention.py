"""A server must keep what a budget is summed over."""

from dataclasses import replace

from slo.checks import check_objectives

DAY = 86400


def test_a_period_longer_than_what_is_kept_is_told(objective):
    """Prometheus keeps 15 days unless it is told otherwise."""
    long = replace(objective, period_seconds=28 * DAY)

    [found] = check_objectives([long], retention_seconds=15 * DAY)

    assert "window-longer-than-retention" == found.check
    assert "the server keeps 15d, expected at least 28d2h for a period of 28d" == found.message
    assert "--storage.tsdb.retention.time=29d" in found.fix


def test_a_period_that_is_kept_with_its_margin_is_right(objective):
    """Nor is anything said where it is not known."""
    long = replace(objective, period_seconds=28 * DAY)

    assert [] == check_objectives([long], retention_seconds=28 * DAY + 7200)
    assert [] == check_objectives([long])
    assert check_objectives([long], retention_seconds=28 * DAY + 7199)
