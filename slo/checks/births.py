"""Where no event may be bad: whether the first one can be seen."""

from __future__ import annotations

from collections.abc import Iterator

from exporters.problems import Problem
from slo.births import sees_births
from slo.checks.finding import finding
from slo.objective import Objective, Ratio
from slo.promql import selectors

_OURS = "shardwatch_"
"""Every series of our exporters is there from 0 on."""


def check_births(objective: Objective) -> Iterator[Problem]:
    """Yield a warning where the bad event that a series is born with would not be counted."""
    indicator = objective.indicator
    if not objective.is_zero_tolerance or not isinstance(indicator, Ratio):
        return
    part = indicator.bad or indicator.good or ""
    foreign = {each.name or "" for each in selectors(part)}
    foreign = {each for each in foreign if not each.startswith(_OURS)}
    if foreign and not sees_births(indicator):
        yield finding(
            objective,
            "first-event-missed",
            "no event may be bad, and a series that is born with its first bad event has no "
            f"increase: that event is not seen in what is made of {', '.join(sorted(foreign))}",
            "give bad and total as one counter each, or see that the series exist from 0 on",
        )
