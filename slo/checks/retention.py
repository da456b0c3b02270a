"""Whether Prometheus keeps what a budget is summed over."""

from __future__ import annotations

import math
from collections.abc import Iterator

from exporters.durations import format_duration
from exporters.problems import Problem
from slo.calendars import longest_period_seconds
from slo.checks.finding import finding
from slo.objective import Objective

MARGIN_SECONDS = 2 * 3600
"""A period holds up to 65 minutes more than its length (:mod:`slo.tiling`), and Prometheus drops
blocks of 2 hours and more as a whole."""


def seconds_needed(objective: Objective) -> int:
    """Return how long series must be kept, for the budget and for every burn rate."""
    return max(_longest_period_seconds(objective), *objective.windows, 0) + MARGIN_SECONDS


def days_to_keep(seconds: float) -> int:
    """Return the days of ``--storage.tsdb.retention.time`` that keep so much."""
    return math.ceil(seconds / 86400)


def _longest_period_seconds(objective: Objective) -> int:
    """Of a calendar, more than the nominal length: a month has up to 31 days, and an hour more."""
    calendar = objective.calendar
    return longest_period_seconds(calendar) if calendar else objective.period_seconds


def check_retention(objective: Objective, retention_seconds: float) -> Iterator[Problem]:
    """Yield an objective whose budget is never known.

    Args:
        objective: whose period.
        retention_seconds: how long the server keeps samples.
    """
    needed = seconds_needed(objective)
    if retention_seconds < needed:
        yield finding(
            objective,
            "window-longer-than-retention",
            f"the server keeps {format_duration(retention_seconds)}, expected at least "
            f"{format_duration(needed)} for a period of "
            f"{format_duration(_longest_period_seconds(objective))}",
            f"start Prometheus with --storage.tsdb.retention.time={days_to_keep(needed)}d or more, "
            "or choose a shorter period",
        )
