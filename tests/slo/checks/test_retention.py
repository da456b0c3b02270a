"""A server must keep what a budget is summed over."""

import re
from dataclasses import replace
from pathlib import Path

from slo.checks import check_objectives
from slo.checks.retention import MARGIN_SECONDS, days_to_keep
from slo.objective import Calendar

DAY = 86400
ROOT = Path(__file__).resolve().parents[3]


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


def test_a_calendars_period_is_as_long_as_its_longest(objective):
    """31 days, and an hour where clocks are set back: 30 days are forgotten before it ends."""
    months = Calendar("month", 1, "2026-01-01 00:00:00", "Europe/Berlin")
    monthly = replace(objective, period_seconds=30 * DAY, calendar=months)

    [found] = check_objectives([monthly], retention_seconds=30 * DAY + 7200)

    assert "the server keeps 30d2h, expected at least 31d3h for a period of 31d1h" == found.message
    assert [] == check_objectives([monthly], retention_seconds=31 * DAY + 3600 + 7200)


def test_what_people_read_of_retention_is_what_is_computed():
    """Of the usual period; a longer one is told by NEXT.md."""
    usual = str(days_to_keep(28 * DAY + MARGIN_SECONDS))

    for page in ("README.md", "docs/adopt.md", "alerts/runbooks/StorageShort.md"):
        text = (ROOT / page).read_text()
        assert [usual] == re.findall(r"retention\.time=(\d+)d", text), page
