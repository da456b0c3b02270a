"""What each cell of the simulated cluster does while nothing is wrong, for its history."""

from __future__ import annotations

from collections.abc import Iterator

from demo.engine import Habit
from demo.sim.service import engine_figures, model_figures
from demo.sim.telling import AVAILABILITY, FIRST_TOKEN
from demo.sim.telling import TOOLS as TOOL_SUCCESS
from demo.traffic.figures import figures

BAD_REQUEST_RATIO = 0.0004
"""Failures that are there all the time, those of blips, and what takes too long: 40 % of the budget
of a 99.9 % objective."""
LATE_FIRST_TOKEN_RATIO = 0.003
DAY_RATIO = 0.75
"""Traffic in the mean of a week, in parts of that at its peak."""
_UNCOUNTED = "cancelled"


def habits_of(region: str, model: str, groups: float) -> Iterator[Habit]:
    """Yield the habits of a region's model that so many groups serve, an objective each."""
    labels = {"region": region, "model": model}
    requests = engine_figures(model).requests_per_second * groups
    yield Habit(AVAILABILITY, labels, requests, BAD_REQUEST_RATIO)
    yield Habit(FIRST_TOKEN, labels, requests, LATE_FIRST_TOKEN_RATIO)
    if calls := model_figures(model).calls_per_request.value:
        yield Habit(TOOL_SUCCESS, labels, requests * calls, _tool_failure_ratio(model))


def _tool_failure_ratio(model: str) -> float:
    tools = figures().tools
    return sum(
        share * ratio
        for tool, share in model_figures(model).tool_mix.value.items()
        for failure, ratio in tools[tool].failures.value.items()
        if failure != _UNCOUNTED
    )
