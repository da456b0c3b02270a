"""What each cell of the simulated cluster does while nothing is wrong, for its history."""

from __future__ import annotations

from collections.abc import Iterator

from demo.engine import Habit
from demo.sim.truth import AVAILABILITY, FIRST_TOKEN
from demo.sim.truth import TOOLS as TOOL_SUCCESS
from demo.sim.workload import OTHER_PROFILE, PROFILES, TOOLS, Profile

BAD_REQUEST_RATIO = 0.0003
"""As the workload says of its failures, time-outs and slow first tokens together."""
LATE_FIRST_TOKEN_RATIO = 0.003
_UNCOUNTED = "cancelled"


def habits_of(region: str, model: str, groups: int) -> Iterator[Habit]:
    """Yield the habits of a region's model that so many groups serve, an objective each."""
    profile = PROFILES.get(model, OTHER_PROFILE)
    labels = {"region": region, "model": model}
    requests = profile.requests_per_second_and_group * groups
    yield Habit(AVAILABILITY, labels, requests, BAD_REQUEST_RATIO)
    yield Habit(FIRST_TOKEN, labels, requests, LATE_FIRST_TOKEN_RATIO)
    if profile.tool_calls_per_request:
        calls = requests * profile.tool_calls_per_request
        yield Habit(TOOL_SUCCESS, labels, calls, _tool_failure_ratio(profile))


def _tool_failure_ratio(profile: Profile) -> float:
    return sum(
        share * ratio
        for tool, share in profile.tool_mix.items()
        for failure, ratio in TOOLS[tool].failures.items()
        if failure != _UNCOUNTED
    )
