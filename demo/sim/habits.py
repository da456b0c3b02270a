"""What each cell of the simulated cluster does while nothing is wrong, for its history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from demo.engine import Habit
from demo.objectives import AVAILABILITY, FIRST_TOKEN, TOOL_SUCCESS, UNCOUNTED_CALLS
from demo.sim.demand import HOURS_FROM_UTC, rhythm
from demo.sim.fleet import Floats
from demo.sim.service import engine_figures, model_figures
from demo.traffic.figures import figures
from demo.weektime import WEEK_SECONDS

BAD_REQUEST_RATIO = 0.0004
"""Failures that are there all the time, those of blips, and what takes too long: 40 % of the budget
of a 99.9 % objective."""
LATE_FIRST_TOKEN_RATIO = 0.003


def habits_of(region: str, model: str, groups: float, clock_offset: float = 0.0) -> Iterator[Habit]:
    """Yield the habits of a region's model that so many groups serve, an objective each.

    Args:
        region: whose local time its users live by.
        model: what they ask.
        groups: that serve it.
        clock_offset: seconds by which the users' clock is ahead of UTC.
    """
    swing = _Swing(HOURS_FROM_UTC.get(region, 0.0), clock_offset)
    labels = {"region": region, "model": model}
    requests = engine_figures(model).requests_per_second * groups * mean_rhythm()
    yield Habit(AVAILABILITY, labels, requests, BAD_REQUEST_RATIO, swing)
    yield Habit(FIRST_TOKEN, labels, requests, LATE_FIRST_TOKEN_RATIO, swing)
    if calls := model_figures(model).calls_per_request.value:
        yield Habit(TOOL_SUCCESS, labels, requests * calls, _tool_failure_ratio(model), swing)


@cache
def mean_rhythm() -> float:
    """Return the traffic in the mean of a week, in parts of that at its peak."""
    week = np.arange(0.0, WEEK_SECONDS, 3600.0)
    return float(rhythm(week, np.zeros_like(week)).mean())


@dataclass(frozen=True)
class _Swing:
    """How the traffic of a region comes and goes, around its mean."""

    hours: float
    """From UTC."""
    clock_offset: float

    def __call__(self, times: Floats) -> Floats:
        """Return the traffic at some UNIX times, in parts of its mean."""
        return rhythm(times + self.clock_offset, np.full_like(times, self.hours)) / mean_rhythm()


def _tool_failure_ratio(model: str) -> float:
    tools = figures().tools
    return sum(
        share * ratio
        for tool, share in model_figures(model).tool_mix.value.items()
        for failure, ratio in tools[tool].failures.value.items()
        if failure not in UNCOUNTED_CALLS
    )
