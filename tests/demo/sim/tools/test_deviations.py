"""The simulated tools against the published figures."""

import numpy as np

from demo.sim.fleet import fleet_of
from demo.sim.tools import calls as tools
from demo.sim.tools.deviations import measure_tools

from .tool_run import tool_topology

DAY_SECONDS = 86_400.0


def _deviations() -> dict[str, float]:
    fleet = fleet_of(tool_topology(), step_seconds=15.0)
    rates = np.full(len(fleet.cells), 10.0)
    found = measure_tools(fleet, rates, seconds=DAY_SECONDS, seed=1)
    return {each.name: abs(each.measured / each.published - 1) for each in found}


def test_a_day_of_calls_is_as_published():
    """Latency quantiles of every tool, how many calls, of which tools, how many fail."""
    deviations = _deviations()
    assert {
        "browser.p50_seconds",
        "browser.p99_seconds",
        "code_execution.p90_seconds",
        "search.p99_seconds",
        "code.mix.code_execution",
        "agent.calls_per_request",
        "search.failed",
        "page_cache.hit_ratio",
    } < deviations.keys()
    assert max(deviations.values()) < 0.1


def test_a_slow_tool_deviates(monkeypatch):
    """The measure sees what it is for."""
    started = tools.start_tools

    def slow(fleet, rates):
        made = started(fleet, rates)
        made.slowness = {("eu", "search"): 2.0, ("us", "search"): 2.0}
        return made

    monkeypatch.setattr("demo.sim.tools.deviations.start_tools", slow)
    deviations = _deviations()
    assert 0.9 < deviations["search.p50_seconds"] < 1.1
    assert deviations["browser.p50_seconds"] < 0.1
